// What hostile or damaged models do in every family: each is refused with the name of the field, tensor or file, before
// memory is taken. Single mistakes of one format are in sources/bad-input.test.ts; damage by chance is in fuzz/.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemurError, openModelSource, type Tokenizer } from '@demur/model';
import { describe, expect, it } from 'vitest';
import { withGgufNumber } from './fuzz/mutate-gguf.ts';
import { copyOf, editHeader, editJson, golden, writeFile } from './sources/model-files.ts';

/** Garbage of a second of work stays below; a refusal that read gigabytes, or made room for them, would not. */
const GROWTH_BYTES = 160 * 2 ** 20;

/** The refusal of what `work` does; it must leave the most memory ever resident as it was, give or take garbage. */
async function refusal(work: () => unknown): Promise<{ code: string; message: string }> {
  const before = process.resourceUsage().maxRSS * 1024;
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(GROWTH_BYTES);
  if (!(error instanceof DemurError)) throw new Error('expected a DemurError', { cause: error });
  return { code: error.code, message: error.message };
}

async function expectRefusal(work: () => unknown, code: string, ...parts: string[]): Promise<void> {
  const found = await refusal(work);
  expect(found).toMatchObject({ code });
  for (const part of parts) expect(found.message).toContain(part);
}

describe.each([
  ['llama', 'open/llama_mha/model'],
  ['mistral', 'families/mistral_window/model'],
  ['gemma2', 'open/gemma2/model'],
  ['qwen2', 'open/qwen2/model'],
  ['qwen3', 'families/qwen3/model'],
  ['gpt2', 'open/gpt2/model'],
])('config.json of %s', (family, folder) => {
  const gpt2 = family === 'gpt2';
  /** These do not derive a head's size from the width: 256 and 128. */
  const fixedHeadSize = family === 'gemma2' || family === 'qwen3';
  const heads = gpt2 ? 'n_head' : 'num_attention_heads';
  const width = gpt2 ? 'n_embd' : 'hidden_size';
  const context = gpt2 ? 'n_positions' : 'max_position_embeddings';
  const layers = gpt2 ? 'n_layer' : 'num_hidden_layers';
  const opened = (changes: Record<string, unknown>) => async () => {
    const path = copyOf(folder);
    editJson(join(path, 'config.json'), changes);
    await openModelSource(path);
  };

  it('is right as it is', async () => {
    expect((await openModelSource(join(golden, folder))).config.family).toBe(family);
  });

  it('with zero heads', () => expectRefusal(opened({ [heads]: 0 }), 'INVALID_CONFIG', `"${heads}"`, '0'));

  it('with heads that do not divide the width', () =>
    expectRefusal(
      opened({ [heads]: 5, head_dim: undefined, num_key_value_heads: 5 }),
      fixedHeadSize ? 'TENSOR_SHAPE' : 'INVALID_CONFIG',
      fixedHeadSize ? 'self_attn.q_proj' : '5',
    ));

  it('with a context of 10^9 tokens', () =>
    expectRefusal(opened({ [context]: 1e9 }), 'INVALID_CONFIG', `"${context}"`, '1000000000'));

  it('with a billion layers', () => expectRefusal(opened({ [layers]: 1e9 }), 'INVALID_CONFIG', `"${layers}"`));

  it('with 2^31 - 1 tokens or dimensions', async () => {
    await expectRefusal(opened({ vocab_size: 2 ** 31 - 1 }), 'TENSOR_SHAPE', '2147483647');
    await expectRefusal(opened({ [width]: 2 ** 31 - 8 }), 'TENSOR_SHAPE', '2147483640');
  });
});

it.each(['open/llama_mha', 'families/mistral_window', 'open/gemma2', 'open/qwen2', 'families/qwen3'])(
  'config.json of %s with key heads that do not divide the heads',
  async (folder) => {
    const path = copyOf(`${folder}/model`);
    editJson(join(path, 'config.json'), { num_key_value_heads: 3 });
    await expectRefusal(() => openModelSource(path), 'INVALID_CONFIG', '"num_key_value_heads"', '3');
  },
);

describe.each(['llama3', 'gemma2', 'qwen2', 'qwen3', 'gpt2'])('GGUF metadata of %s', (name) => {
  const family = name === 'llama3' ? 'llama' : name;
  const original = readFileSync(join(golden, `families/gguf_${name}/model.gguf`));
  const opened = (key: string, value: number) => () =>
    openModelSource(writeFile('model.gguf', withGgufNumber(original, `${family}.${key}`, value)));

  it.each([
    ['attention.head_count', 0, 'INVALID_CONFIG'],
    ['attention.head_count', 3, 'INVALID_CONFIG'],
    ['context_length', 1e9, 'INVALID_CONFIG'],
    ['block_count', 1e9, 'INVALID_CONFIG'],
    ['embedding_length', 0, 'INVALID_CONFIG'],
    ['feed_forward_length', 0, 'INVALID_CONFIG'],
  ])('with %s of %d', (key, value, code) => expectRefusal(opened(key, value), code, `${family}.`, String(value)));

  it('with 2^31 - 1 tokens', () => expectRefusal(opened('vocab_size', 2 ** 31 - 1), 'TENSOR_SHAPE', '2147483647'));
});

describe('shards', () => {
  const INDEX = 'model.safetensors.index.json';
  const FIRST = 'model-00001-of-00002.safetensors';
  const withIndex = (file: string) => async () => {
    const path = copyOf('sources/sharded');
    const text = readFileSync(join(path, INDEX), 'utf8');
    writeFileSync(join(path, INDEX), text.replaceAll(FIRST, file));
    await openModelSource(path);
  };

  it('of which one is the index itself', () => expectRefusal(withIndex(INDEX), 'INVALID_HEADER', INDEX));
  it.each(['.', '..', '', '../x.safetensors', '/dev/zero'])('named "%s"', (file) =>
    expectRefusal(withIndex(file), 'INVALID_HEADER', INDEX, `"${file}"`),
  );

  it.each([
    ['a link to itself', (path: string) => symlinkSync(path, path)],
    ['a link to a device without end', (path: string) => symlinkSync('/dev/zero', path)],
    ['a directory', (path: string) => void mkdirSync(path)],
    ['a pipe that nobody writes to', (path: string) => void execFileSync('mkfifo', [path])],
  ])('of which one is %s', async (_, make) => {
    for (const name of [FIRST, INDEX]) {
      const path = copyOf('sources/sharded');
      rmSync(join(path, name));
      make(join(path, name));
      await expectRefusal(() => openModelSource(path), 'UNREADABLE_FILE', name);
    }
  });
});

describe('JSON', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);

  it.each(['hidden_size', 'tie_word_embeddings', 'eos_token_id', 'model_type', 'architectures', 'sliding_window'])(
    'with %s inside a hundred thousand lists',
    async (key) => {
      const path = copyOf('open/llama_mha/model');
      editJson(join(path, 'config.json'), { [key]: '@' });
      const file = join(path, 'config.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"@"', deep));
      expect((await refusal(() => openModelSource(path))).message).toContain('[[[');
    },
  );

  it('with names of a million letters, which no message repeats', async () => {
    const path = copyOf('open/llama_mha/model');
    const long = 'x'.repeat(1_000_000);
    editHeader(join(path, 'model.safetensors'), (header) => ({ ...header, [long]: header['model.norm.weight']! }));
    const { message } = await refusal(() => openModelSource(path));
    expect(message.length).toBeLessThan(3000);
    expect(message).toContain(path);
  });
});

describe('tokenizers', () => {
  interface TokenizerJson {
    added_tokens: { id: unknown; content: string }[];
    model: { vocab: Record<string, unknown> };
    pre_tokenizer: unknown;
  }

  const loaded = async (change: (json: TokenizerJson) => void): Promise<Tokenizer> => {
    const path = copyOf('sources/sharded');
    const file = join(path, 'tokenizer.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson;
    change(json);
    writeFileSync(file, JSON.stringify(json));
    return (await openModelSource(path)).loadTokenizer();
  };

  it.each([1e6, 2 ** 31 - 1, 2 ** 32, -1, 0.5, '7', null])('with an added token of id %s', (id) =>
    expectRefusal(
      () => loaded((json) => json.added_tokens.push({ ...json.added_tokens[0]!, content: '<|x|>', id })),
      'INVALID_TOKENIZER',
      'token',
      typeof id === 'number' ? String(id) : '<|x|>',
    ),
  );

  it('with a piece beyond the vocabulary', () =>
    expectRefusal(() => loaded((json) => (json.model.vocab['zzz'] = 2 ** 31 - 1)), 'INVALID_TOKENIZER', '2147483647'));

  it('with a pattern that takes for ever', async () => {
    const tokenizer = await loaded((json) => {
      json.pre_tokenizer = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false };
    });
    await expectRefusal(() => tokenizer.encode(`${'a'.repeat(1000)}!`), 'INVALID_TOKENIZER', 'more than 3 s');
    expect(tokenizer.encode('a')).toHaveLength(1);
  });
});

describe('chat templates', () => {
  const doubling = (what: string) =>
    `{% set n = namespace(x=${what}) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | length }}`;
  const templates: [string, string, string][] = [
    ['that raise', "{{ raise_exception('only system messages') }}", 'only system messages'],
    ['that do not parse', '{% if %}', ''],
    ['that make a list of 10^9 numbers', '{% for i in range(10**9) %}x{% endfor %}', ''],
    ['that make a list of 999999999 numbers', '{{ range(999999999) | length }}', 'range(0, 999999999, 1) is too long'],
    ['that double a list for ever', doubling('[1]'), 'steps'],
    ['that double a text for ever', doubling("'x'"), 'steps'],
    ['of loops in loops', '{% for i in range(9999) %}'.repeat(4) + '{% endfor %}'.repeat(4), 'steps'],
    ['that call themselves', '{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}', ''],
    ['of a hundred thousand brackets', `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`, ''],
    ['of two million characters', 'x'.repeat(2_000_000), '2000000 characters'],
  ];

  it.each(templates)('%s', async (_, template, part) => {
    const path = copyOf('sources/sharded');
    writeFileSync(join(path, 'chat_template.jinja'), template);
    const tokenizer = await (await openModelSource(path)).loadTokenizer();
    const chat = () => tokenizer.applyChatTemplate([{ role: 'user', content: 'x' }], { addGenerationPrompt: true });
    await expectRefusal(chat, 'CHAT_TEMPLATE_FAILED', path, part);
  });
});
