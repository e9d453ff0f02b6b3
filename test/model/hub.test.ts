/** Models by Hub id, against a Hub of real sockets on this machine: what is fetched, kept, checked, resumed and refused. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DemurError, openModelSource, parseHubReference, resolveModel, type ResolveOptions } from '@demur/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf, gitHash, openFakeHub, sha256, type FakeHub } from '../support/fake-hub.ts';

const golden = join(import.meta.dirname, '../golden');
const model = filesOf(join(golden, 'open/llama_mha/model'));
const weights = model['model.safetensors']!;
const commit = '0123456789abcdef0123456789abcdef01234567';
const big = Buffer.concat([Buffer.from('big'), randomBytes(400_000)]);

let hub: FakeHub;
let home: string;
let environment: Record<string, string>;

beforeEach(async () => {
  hub = await openFakeHub({
    'lab/tiny': {
      commit,
      revisions: ['v1.0', 'refs/pr/1'],
      files: {
        ...model,
        'tokenizer.json': Buffer.from('{}'),
        'README.md': Buffer.from('words'),
        'pytorch_model.bin': big,
      },
    },
  });
  home = mkdtempSync(join(tmpdir(), 'demur-hub-'));
  environment = { HF_ENDPOINT: hub.endpoint, HF_HOME: home, HOME: home };
});

afterEach(async () => {
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

function resolve(reference: string, options: ResolveOptions = {}): Promise<string> {
  return resolveModel(reference, { environment, backoffMs: 1, ...options });
}

async function refusal(work: Promise<unknown>): Promise<DemurError> {
  const error = await work.then(
    (value) => new Error(`not refused: ${String(value)}`),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(DemurError);
  return error as DemurError;
}

const folder = () => join(home, 'hub/models--lab--tiny');
const snapshot = () => join(folder(), 'snapshots', commit);
const blob = () => join(folder(), 'blobs', sha256(weights));

describe('a reference', () => {
  it.each([
    ['a/b', { id: 'a/b', revision: 'main', file: null }],
    [
      'HuggingFaceTB/SmolLM2-135M-Instruct@v1.0',
      { id: 'HuggingFaceTB/SmolLM2-135M-Instruct', revision: 'v1.0', file: null },
    ],
    ['a/b@refs/pr/12', { id: 'a/b', revision: 'refs/pr/12', file: null }],
    ['a/b-GGUF:q4/b-Q4_K_M.gguf', { id: 'a/b-GGUF', revision: 'main', file: 'q4/b-Q4_K_M.gguf' }],
    ['a/b@main:Q8_0', { id: 'a/b', revision: 'main', file: 'Q8_0' }],
    ['a/b:Q8_0@v2', { id: 'a/b', revision: 'v2', file: 'Q8_0' }],
  ])('%s', (text, expected) => {
    expect(parseHubReference(text)).toEqual(expected);
  });

  it.each([
    '',
    'name',
    '/a/b',
    './a/b',
    '../b',
    'a/../b',
    'a/b/c',
    'a//b',
    'a\\b',
    '.cache/b',
    'a/b--c',
    'a/b.git',
    'models/b.gguf',
    'a/b@',
    'a/b@../x',
    'a/b@x@y',
    'a/b:../x.gguf',
    'a/b:/etc/x.gguf',
    'a/b:x/./y.gguf',
    'a/b@a..b',
    'a/b c',
    'https://a/b',
    'C:/a',
  ])('is not %j', (text) => {
    expect(parseHubReference(text)).toBeNull();
  });

  it('is a path where something lies there, and where it can be nothing else', async () => {
    expect(await resolve(home)).toBe(home);
    expect(await resolve('libs/model')).toBe(join(golden, '../../libs/model'));
    expect(await resolve('no-such-model')).toBe(join(process.cwd(), 'no-such-model'));
    expect(hub.requests).toEqual([]);
  });
});

describe('a download', () => {
  it('brings what a model needs, as Hugging Face’s cache has it, and opens', async () => {
    const seen: { done: number; total: number }[] = [];
    const path = await resolve('lab/tiny', { onProgress: (progress) => seen.push(progress) });
    expect(path).toBe(snapshot());
    expect(readdirSync(path).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(readlinkSync(join(path, 'model.safetensors'))).toBe(`../../blobs/${sha256(weights)}`);
    expect(readdirSync(join(folder(), 'blobs')).sort()).toEqual(
      [sha256(weights), gitHash(model['config.json']!), gitHash(Buffer.from('{}'))].sort(),
    );
    expect(readFileSync(join(folder(), 'refs/main'), 'utf8')).toBe(commit);
    expect(readFileSync(join(path, 'model.safetensors')).equals(weights)).toBe(true);
    const total = weights.length + model['config.json']!.length + 2;
    expect(seen.at(-1)).toEqual({ done: total, total });
    for (const [at, { done }] of seen.entries()) if (at > 0) expect(done).toBeGreaterThan(seen[at - 1]!.done);
    expect(new Set(seen.map((progress) => progress.total))).toEqual(new Set([total]));
    expect((await (await openModelSource(path)).identity()).revision).toBe(commit);
  });

  it('asks once more for the commit, and for nothing else, when it is there', async () => {
    await resolve('lab/tiny');
    hub.requests.length = 0;
    expect(await resolve('lab/tiny')).toBe(snapshot());
    expect(hub.requests.map(({ path }) => path)).toEqual(['/api/models/lab/tiny/revision/main']);
    expect(await resolve(`lab/tiny@${commit}`)).toBe(snapshot());
    expect(hub.requests).toHaveLength(1);
  });

  it('sends the token to the Hub alone, from the environment or the file of the login', async () => {
    hub.repositories['lab/tiny']!.token = 'hf_secret';
    writeFileSync(join(home, 'token'), 'hf_secret\n');
    await resolve('lab/tiny');
    rmSync(folder(), { recursive: true });
    await resolve('lab/tiny', { environment: { ...environment, HF_TOKEN: 'hf_secret', HF_TOKEN_PATH: '/nowhere' } });
    expect(hub.requests.filter(({ on }) => on === 'hub').map(({ token }) => token)).toEqual(
      expect.not.arrayContaining([undefined]),
    );
    expect(hub.fetches().map(({ token }) => token)).toEqual([undefined, undefined]);
  });

  it('does without HEAD', async () => {
    hub.faults.ignoresHead = true;
    await resolve('lab/tiny');
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('takes a revision with a slash, and keeps which commit it was', async () => {
    await resolve('lab/tiny@refs/pr/1');
    expect(readFileSync(join(folder(), 'refs/refs/pr/1'), 'utf8')).toBe(commit);
  });

  it('takes the shards that the index names, and no others', async () => {
    const sharded = filesOf(join(golden, 'sources/sharded'));
    hub.repositories['lab/sharded'] = { commit, files: { ...sharded, 'consolidated.safetensors': big } };
    const path = await resolve('lab/sharded');
    expect(readdirSync(path).sort()).toEqual(
      Object.keys(sharded)
        .filter((name) => /safetensors|json|jinja/.test(name))
        .sort(),
    );
    expect((await openModelSource(path)).config.nLayers).toBeGreaterThan(0);
  });

  it('takes a GGUF file by its name or its quantisation, with its commit', async () => {
    const content = readFileSync(join(golden, 'sources/byte-pair.gguf'));
    hub.repositories['lab/tiny-gguf'] = { commit, files: { 'q/tiny-F32.gguf': content, 'q/tiny-Q4_0.gguf': big } };
    const path = await resolve('lab/tiny-gguf:q/tiny-F32.gguf');
    expect(path).toBe(join(home, 'hub/models--lab--tiny-gguf/snapshots', commit, 'q/tiny-F32.gguf'));
    expect(await resolve('lab/tiny-gguf:f32')).toBe(path);
    expect(hub.fetches()).toHaveLength(1);
    expect((await (await openModelSource(path)).identity()).revision).toBe(commit);
    expect((await refusal(resolve('lab/tiny-gguf'))).message).toContain('lab/tiny-gguf:q/tiny-F32.gguf');
    expect((await refusal(resolve('lab/tiny-gguf:Q5_K_M'))).message).toContain(
      'it has q/tiny-F32.gguf, q/tiny-Q4_0.gguf',
    );
  });
});

describe('a connection that breaks', () => {
  beforeEach(() => {
    hub.repositories['lab/tiny']!.files['model.safetensors'] = big;
  });
  const bigBlob = () => join(folder(), 'blobs', sha256(big));

  it('is taken up where it broke, again and again', async () => {
    hub.faults.cuts = Array.from({ length: 12 }, () => 30_000);
    await resolve('lab/tiny');
    expect(readFileSync(bigBlob()).equals(big)).toBe(true);
    expect(hub.fetches()).toHaveLength(13);
    expect(
      hub
        .fetches()
        .slice(1)
        .every(({ range }) => /^bytes=[1-9]\d*-$/.test(range!)),
    ).toBe(true);
  });

  it('ends with an error when nothing comes any more, and the next call goes on', async () => {
    hub.faults.cuts = [150_000, 0, 0, 0, 0, 0];
    const error = await refusal(resolve('lab/tiny'));
    expect(error.message).toMatch(/^lab\/tiny\/model\.safetensors broke off again and again at \d+ of 400003 bytes/);
    expect(existsSync(bigBlob())).toBe(false);
    const kept = lstatSync(`${bigBlob()}.incomplete`).size;
    expect(kept).toBeGreaterThan(0);
    hub.requests.length = 0;
    const seen: number[] = [];
    await resolve('lab/tiny', { onProgress: ({ done }) => seen.push(done) });
    expect(hub.fetches()).toMatchObject([{ range: `bytes=${kept}-` }]);
    expect(seen[0]).toBeGreaterThanOrEqual(kept);
    expect(existsSync(`${bigBlob()}.incomplete`)).toBe(false);
  });

  it('is given up when nothing comes any more, and taken up again', async () => {
    hub.faults.stalls = [100_000];
    await resolve('lab/tiny', { silenceMs: 1000 });
    expect(readFileSync(bigBlob()).equals(big)).toBe(true);
    expect(hub.fetches().at(-1)!.range).toMatch(/^bytes=[1-9]/);
  });

  it('starts over where the host gives no ranges', async () => {
    hub.faults.cuts = [100_000];
    hub.faults.ignoresRange = true;
    await resolve('lab/tiny');
    expect(readFileSync(bigBlob()).equals(big)).toBe(true);
  });

  it('waits as long as a busy Hub asks, and gives up in the end', async () => {
    hub.faults.statuses = [{ status: 503 }, { status: 429, retryAfter: '1' }];
    const start = performance.now();
    await resolve('lab/tiny');
    expect(performance.now() - start).toBeGreaterThan(950);
    hub.faults.statuses = [{ status: 500 }, { status: 500 }, { status: 502 }];
    rmSync(folder(), { recursive: true });
    expect(await refusal(resolve('lab/tiny'))).toMatchObject({ code: 'HUB_BUSY' });
  });

  it('is ended by the caller, keeps what came, and goes on from there', async () => {
    hub.faults.pauseMs = 20;
    const controller = new AbortController();
    const stop = ({ done }: { done: number }) => done > 100_000 && controller.abort(new Error('enough'));
    await expect(resolve('lab/tiny', { signal: controller.signal, onProgress: stop })).rejects.toThrow('enough');
    expect(readdirSync(join(home, 'hub/.locks/models--lab--tiny'))).toEqual([]);
    expect(lstatSync(`${bigBlob()}.incomplete`).size).toBeGreaterThan(50_000);
    hub.faults.pauseMs = 0;
    await resolve('lab/tiny');
    expect(readFileSync(bigBlob()).equals(big)).toBe(true);
    expect(hub.fetches().at(-1)!.range).toMatch(/^bytes=[1-9]/);
  });
});

describe('content that is not what the Hub said', () => {
  const other = Buffer.from(weights).fill(1, 50_000, 50_001);

  it.each([
    ['other bytes', other],
    ['fewer bytes', weights.subarray(0, 60_000)],
    ['more bytes', Buffer.concat([weights, weights])],
  ])('%s: is fetched once more', async (_, content) => {
    hub.faults.contents = [content];
    await resolve('lab/tiny');
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it.each([
    ['other bytes', other, /hash [0-9a-f]{64} instead of [0-9a-f]{64}/],
    ['fewer bytes', weights.subarray(0, 60_000), /60000 bytes instead of 120136/],
  ])('%s twice: is deleted and refused', async (_, content, why) => {
    hub.faults.contents = [content, content];
    const error = await refusal(resolve('lab/tiny'));
    expect(error.code).toBe('HUB_CHECKSUM');
    expect(error.message).toMatch(why);
    expect(readdirSync(join(folder(), 'blobs'))).not.toContainEqual(expect.stringContaining(sha256(weights)));
    expect(existsSync(snapshot()) && readdirSync(snapshot())).not.toContain('model.safetensors');
  });

  it('a damaged rest of an earlier try is thrown away', async () => {
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.incomplete`, Buffer.alloc(70_000, 7));
    await resolve('lab/tiny');
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('checks small files by git’s hash', async () => {
    const { files } = hub.repositories['lab/tiny']!;
    const honest = files['config.json']!;
    const config = Buffer.from(honest);
    let reads = 0;
    // Told with one content, served with another.
    Object.defineProperty(files, 'config.json', {
      enumerable: true,
      get: () => (reads++ === 0 ? honest : config.fill(32, 0, 9)),
    });
    expect(await refusal(resolve('lab/tiny'))).toMatchObject({ code: 'HUB_CHECKSUM' });
  });
});

describe('what cannot be fetched', () => {
  const secret = 'hf_do_not_tell';

  it.each<[string, string, () => void, string, RegExp]>([
    [
      'a missing repository',
      'lab/none',
      () => {},
      'HUB_REPOSITORY_NOT_FOUND',
      /"lab\/none" is neither a path here nor a repository/,
    ],
    ['a missing revision', 'lab/tiny@v9', () => {}, 'HUB_REVISION_NOT_FOUND', /lab\/tiny has no revision "v9"/],
    [
      'a missing GGUF file',
      'lab/tiny:x.gguf',
      () => {},
      'HUB_FILE_NOT_FOUND',
      /lab\/tiny has no file x\.gguf; it has no GGUF file/,
    ],
    [
      'a file that is listed and not there',
      'lab/tiny',
      () => (hub.repositories['lab/tiny']!.alsoListed = ['chat_template.jinja']),
      'HUB_FILE_NOT_FOUND',
      /chat_template\.jinja/,
    ],
    [
      'a gated repository',
      'lab/tiny',
      () => Object.assign(hub.repositories['lab/tiny']!, { token: 'other', isGated: true }),
      'HUB_GATED',
      /accept its licence at http.*\/lab\/tiny, and check that HF_TOKEN/,
    ],
    [
      'a private repository',
      'lab/tiny',
      () => Object.assign(hub.repositories['lab/tiny']!, { token: 'other' }),
      'HUB_REPOSITORY_NOT_FOUND',
      /check its spelling/,
    ],
    [
      'pickles alone',
      'lab/tiny',
      () => delete hub.repositories['lab/tiny']!.files['model.safetensors'],
      'PICKLE_REFUSED',
      /pytorch_model\.bin alone, a pickle/,
    ],
    [
      'no config.json',
      'lab/tiny',
      () => delete hub.repositories['lab/tiny']!.files['config.json'],
      'HUB_FILE_NOT_FOUND',
      /config\.json/,
    ],
    [
      'a file outside the folder',
      'lab/tiny',
      () => (hub.repositories['lab/tiny']!.alsoListed = ['../../../evil']),
      'HUB_ANSWER',
      /"\.\.\/\.\.\/\.\.\/evil", which could lie outside/,
    ],
    [
      'an absolute file',
      'lab/tiny',
      () => (hub.repositories['lab/tiny']!.alsoListed = ['/etc/passwd']),
      'HUB_ANSWER',
      /"\/etc\/passwd"/,
    ],
    [
      'a file with a backslash',
      'lab/tiny',
      () => (hub.repositories['lab/tiny']!.alsoListed = ['..\\evil']),
      'HUB_ANSWER',
      /evil/,
    ],
    [
      'a commit that is none',
      'lab/tiny',
      () => (hub.repositories['lab/tiny']!.commit = '../../x'),
      'HUB_ANSWER',
      /without a commit/,
    ],
  ])('%s', async (_, reference, arrange, code, message) => {
    arrange();
    const error = await refusal(resolve(reference, { environment: { ...environment, HF_TOKEN: secret } }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(secret);
    expect(readdirSync(home)).not.toContain('evil');
  });

  it('says how to get into a gated repository without a token', async () => {
    Object.assign(hub.repositories['lab/tiny']!, { token: 'other', isGated: true });
    expect((await refusal(resolve('lab/tiny'))).message).toMatch(
      /accept its licence at .*, and set HF_TOKEN to your token\.$/,
    );
  });

  it.each(['', 'null', '7', '[]', '{}', '<html>', '{"sha":7,"siblings":[]}', `{"sha":"${commit}","siblings":[null]}`])(
    'a list of files that is %j',
    async (listing) => {
      hub.faults.listings = [listing];
      expect(await refusal(resolve('lab/tiny'))).toMatchObject({ code: 'HUB_ANSWER' });
    },
  );

  it('a shard outside the folder', async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { a: '../../../evil.safetensors' } }));
    hub.repositories['lab/tiny']!.files = { 'config.json': Buffer.from('{}'), 'model.safetensors.index.json': index };
    expect(await refusal(resolve('lab/tiny'))).toMatchObject({ code: 'HUB_FILE_NOT_FOUND' });
  });

  it.each([
    ['HF_ENDPOINT', 'https://user:hf_do_not_tell@hub.example'],
    ['HF_ENDPOINT', 'file:///etc'],
    ['HF_TOKEN', 'hf_do_not\u0000_tell'],
  ])('a setting: %s', async (name, value) => {
    const error = await refusal(resolve('lab/tiny', { environment: { ...environment, [name]: value } }));
    expect(error).toMatchObject({ code: 'HUB_SETTING', message: expect.stringContaining(name) as string });
    expect(error.message).not.toContain('hf_do_not');
  });
});

describe('without a network', () => {
  const offline = () => ({ environment: { ...environment, HF_HUB_OFFLINE: '1' } });

  it('what is in the cache runs, and nothing is asked', async () => {
    await resolve('lab/tiny');
    hub.requests.length = 0;
    expect(await resolve('lab/tiny', offline())).toBe(snapshot());
    expect(await resolve('lab/tiny', { offline: 'not now' })).toBe(snapshot());
    expect(hub.requests).toEqual([]);
    await hub.close();
    expect(await resolve('lab/tiny')).toBe(snapshot());
  });

  it('what is not, or not wholly, in the cache is refused', async () => {
    expect(await refusal(resolve('lab/tiny', offline()))).toMatchObject({
      code: 'HUB_OFFLINE',
      message: expect.stringMatching(/^lab\/tiny is not, .*HF_HUB_OFFLINE is set/) as string,
    });
    await resolve('lab/tiny');
    expect(await refusal(resolve('lab/tiny@v1.0', offline()))).toMatchObject({ code: 'HUB_OFFLINE' });
    rmSync(blob());
    expect(await refusal(resolve('lab/tiny', offline()))).toMatchObject({ code: 'HUB_OFFLINE' });
    await hub.close();
    expect(await refusal(resolve('lab/tiny'))).toMatchObject({
      code: 'HUB_UNREACHABLE',
      message: expect.stringMatching(
        /^"lab\/tiny" is no path here, and 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
      ) as string,
    });
  });

  it('what Python has downloaded is used', async () => {
    for (const [name, content] of Object.entries(model)) {
      const file = join(folder(), 'blobs', content.length > 10_000 ? sha256(content) : gitHash(content));
      mkdirSync(dirname(file), { recursive: true });
      mkdirSync(snapshot(), { recursive: true });
      writeFileSync(file, content);
      symlinkSync(`../../blobs/${file.split('/').at(-1)}`, join(snapshot(), name));
    }
    mkdirSync(join(folder(), 'refs'));
    writeFileSync(join(folder(), 'refs/main'), commit);
    expect(await resolve('lab/tiny', offline())).toBe(snapshot());
    expect(await resolve('lab/tiny')).toBe(snapshot());
    expect(hub.fetches()).toEqual([]); // the tokenizer alone was missing
    expect(existsSync(join(snapshot(), 'tokenizer.json'))).toBe(true);
  });
});

describe('two at once', () => {
  it('in one process: the second waits for the first one’s download', async () => {
    hub.faults.pauseMs = 30;
    expect(await Promise.all([resolve('lab/tiny'), resolve('lab/tiny@v1.0')])).toEqual([snapshot(), snapshot()]);
    expect(hub.fetches()).toHaveLength(1);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('in two processes, of which the first one is killed: the other one ends its work', async () => {
    hub.repositories['lab/tiny']!.files['model.safetensors'] = big;
    hub.faults.pauseMs = 5000; // of several pieces: longer than a busy machine takes to start the second process
    const first = resolving();
    const locks = join(home, 'hub/.locks/models--lab--tiny');
    await expect.poll(() => existsSync(locks) && readdirSync(locks)[0]).toContain(sha256(big));
    await expect.poll(() => existsSync(`${join(folder(), 'blobs', sha256(big))}.incomplete`)).toBe(true);
    const second = resolving();
    await expect.poll(() => second.hasAsked()).toBe(true);
    first.child.kill('SIGKILL');
    hub.faults.pauseMs = 0;
    expect(await second.ended).toBe(0);
    expect(readFileSync(join(snapshot(), 'model.safetensors')).equals(big)).toBe(true);
    expect(hub.fetches()).toHaveLength(2);
    expect(readdirSync(locks)).toEqual([]);
  });

  it('takes over the lock of a machine that has gone', async () => {
    const lock = join(home, 'hub/.locks/models--lab--tiny', `${sha256(weights)}.demur.lock`);
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'x' }));
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    await resolve('lab/tiny');
    expect(existsSync(lock)).toBe(false);
  });

  /** A process of its own that resolves lab/tiny. */
  function resolving() {
    const module = new URL('../../libs/model/src/hub/resolve-model.ts', import.meta.url).href;
    const code = `import { resolveModel } from '${module}'; await resolveModel('lab/tiny', { backoffMs: 1 });`;
    const before = hub.requests.length;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const asked = () => hub.requests.slice(before).filter(({ path }) => path.startsWith('/api/')).length > 0;
    return { child, hasAsked: asked, ended: once(child, 'exit').then(([exit]) => exit as number) };
  }
});

it('a cache that cannot be written is refused', async () => {
  writeFileSync(join(home, 'hub'), 'a file');
  expect(await refusal(resolve('lab/tiny'))).toMatchObject({ code: 'HUB_CACHE' });
});

it('a partial file that is too long is thrown away', async () => {
  mkdirSync(dirname(blob()), { recursive: true });
  writeFileSync(`${blob()}.incomplete`, '');
  truncateSync(`${blob()}.incomplete`, weights.length + 1);
  await resolve('lab/tiny');
  expect(readFileSync(blob()).equals(weights)).toBe(true);
});
