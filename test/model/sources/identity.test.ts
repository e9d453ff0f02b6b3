// What identifies a model, against hashes computed here from the files, and the memory of hashes between calls.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openModelSource } from '@demur/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyOf, golden, temporaryPath } from './model-files.ts';

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const previous = process.env['DEMUR_CACHE'];
let cache = '';
beforeEach(() => {
  cache = temporaryPath('cache');
  process.env['DEMUR_CACHE'] = cache;
});
afterEach(() => {
  if (previous === undefined) delete process.env['DEMUR_CACHE'];
  else process.env['DEMUR_CACHE'] = previous;
});

async function identityOf(path: string) {
  return (await openModelSource(path)).identity();
}

describe('identity', () => {
  it('of a directory is the hash of its files', async () => {
    const path = copyOf('sources/sharded');
    const shards = readdirSync(path).filter((name) => name.endsWith('.safetensors'));
    const lines = shards.sort().map((name) => `${sha256(readFileSync(join(path, name)))}  ${name}\n`);
    expect(await identityOf(path)).toEqual({
      weightsSha256: sha256(lines.join('')),
      tokenizerSha256: sha256(readFileSync(join(path, 'tokenizer.json'))),
      chatTemplateSha256: sha256(readFileSync(join(path, 'chat_template.jinja'))),
      revision: null,
      dtype: 'bfloat16',
    });
  });

  it('of a GGUF file is the hash of the file', async () => {
    const path = join(golden, 'sources/sentence-piece.gguf');
    const identity = await identityOf(path);
    expect(identity).toMatchObject({ weightsSha256: sha256(readFileSync(path)), revision: null, dtype: 'float16' });
    expect(identity.chatTemplateSha256).toBe(
      sha256(readFileSync(join(golden, 'sources/sharded/chat_template.jinja'), 'utf8')),
    );
  });

  it('names the commit of a snapshot in the Hugging Face cache', async () => {
    const commit = 'a'.repeat(40);
    const path = join(temporaryPath('hub'), 'snapshots', commit);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(copyOf('open/llama_mha/model'), path);
    expect(await identityOf(path)).toMatchObject({ revision: commit, dtype: 'float32' });
  });

  it('is remembered until the file changes', async () => {
    const path = copyOf('open/llama_mha/model');
    const file = join(path, 'model.safetensors');
    const time = new Date(2020, 1, 1);
    utimesSync(file, time, time);
    const { weightsSha256 } = await identityOf(path);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    utimesSync(file, time, time);
    expect((await identityOf(path)).weightsSha256).toBe(weightsSha256);
    utimesSync(file, new Date(), new Date());
    expect((await identityOf(path)).weightsSha256).toBe(sha256(bytes));
  });

  it('does not need a cache that can be written or read', async () => {
    writeFileSync(cache, 'a file where the folder should be');
    const path = join(golden, 'open/llama_mha/model');
    expect((await identityOf(path)).weightsSha256).toBe(sha256(readFileSync(join(path, 'model.safetensors'))));
  });
});
