// Every mistake that a model on disk can hold is refused with one sentence that names the value: no crash, and nothing
// large allocated before the header is checked against the file.
import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemurError, openModelSource } from '@demur/model';
import { describe, expect, it } from 'vitest';
import {
  copyOf,
  editHeader,
  editJson,
  ggufBytes,
  golden,
  readSafetensors,
  safetensorsBytes,
  temporaryPath,
  tinyGguf,
  u32,
  u64,
  value,
  writeFile,
} from './model-files.ts';
import type { GgufParts, SafetensorsHeader } from './model-files.ts';

const LLAMA = 'open/llama_mha/model';
const Q_PROJ = 'model.layers.0.self_attn.q_proj.weight';

/** The refusal that the work ends with. */
async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DemurError)) throw new Error('expected a DemurError', { cause: error });
  return { code: error.code, message: error.message };
}

async function expectRefusal(path: string, code: string, ...parts: string[]): Promise<void> {
  const found = await refusal(openModelSource(path));
  expect(found).toMatchObject({ code });
  for (const part of parts) expect(found.message).toContain(part);
}

describe('paths', () => {
  it('that do not exist', () => expectRefusal('/nowhere/model', 'MODEL_NOT_FOUND', '/nowhere/model'));
  it('that are empty', () => expectRefusal('', 'MODEL_NOT_FOUND', '""'));
  it('of another kind of file', () => expectRefusal(writeFile('a.txt', 'x'), 'NOT_A_MODEL', 'a.txt'));
  it('of a safetensors file alone', () =>
    expectRefusal(join(golden, LLAMA, 'model.safetensors'), 'NOT_A_MODEL', 'give the directory'));
  it('of a pickle', () => expectRefusal(writeFile('pytorch_model.bin', 'x'), 'PICKLE_REFUSED', 'convert it to safe'));
  it('of a directory named like a GGUF file', async () => {
    const path = temporaryPath('x.gguf');
    mkdirSync(path);
    await expectRefusal(path, 'CONFIG_MISSING', 'config.json');
  });
});

describe('directories', () => {
  it('without config.json', async () => {
    const path = copyOf(LLAMA);
    rmSync(join(path, 'config.json'));
    await expectRefusal(path, 'CONFIG_MISSING', path, 'config.json');
  });

  it('without weights', async () => {
    const path = copyOf(LLAMA);
    rmSync(join(path, 'model.safetensors'));
    await expectRefusal(path, 'WEIGHTS_MISSING', 'model.safetensors');
  });

  it('with pickled weights only', async () => {
    const path = copyOf(LLAMA);
    renameSync(join(path, 'model.safetensors'), join(path, 'pytorch_model.bin'));
    await expectRefusal(path, 'PICKLE_REFUSED', 'pytorch_model.bin', 'convert it to safetensors');
  });

  it('with a directory where the weights should be', async () => {
    const path = copyOf(LLAMA);
    rmSync(join(path, 'model.safetensors'));
    mkdirSync(join(path, 'model.safetensors'));
    await expectRefusal(path, 'UNREADABLE_FILE');
  });

  it('without a tokenizer, when one is asked for', async () => {
    const source = await openModelSource(join(golden, LLAMA));
    expect(await refusal(source.loadTokenizer())).toMatchObject({
      code: 'TOKENIZER_MISSING',
      message: expect.stringContaining('tokenizer.json') as string,
    });
    expect(await source.identity()).toMatchObject({ tokenizerSha256: null, chatTemplateSha256: null });
  });
});

describe('config.json', () => {
  const configs: [string, Record<string, unknown>, string, string[]][] = [
    [
      'another architecture',
      { model_type: 'gpt_neox', architectures: ['GPTNeoXForCausalLM'] },
      'UNSUPPORTED_ARCHITECTURE',
      ['GPTNeoXForCausalLM', 'gpt_neox', 'LlamaForCausalLM'],
    ],
    [
      'another head',
      { architectures: ['LlamaForSequenceClassification'] },
      'UNSUPPORTED_ARCHITECTURE',
      ['LlamaForSequenceClassification'],
    ],
    ['no model type', { model_type: undefined }, 'UNSUPPORTED_ARCHITECTURE', ['null']],
    [
      'half of a rotary scaling',
      { rope_scaling: { rope_type: 'llama3', factor: 8 } },
      'INVALID_CONFIG',
      ['rope_scaling', 'low_freq_factor', 'is missing'],
    ],
    [
      'a rotary scaling between equal wavelengths',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 2, high_freq_factor: 2 } },
      'INVALID_CONFIG',
      ['high_freq_factor', '2'],
    ],
    [
      'a rotary scaling by 0',
      { rope_scaling: { type: 'linear', factor: 0 } },
      'INVALID_CONFIG',
      ['rope_scaling', 'factor', '0'],
    ],
    [
      'scaled rotary positions',
      { rope_scaling: { rope_type: 'longrope', factor: 8 } },
      'UNSUPPORTED_CONFIG',
      ['rope_scaling', 'rope_type', '"longrope"', 'llama3'],
    ],
    [
      'older scaled rotary positions',
      { rope_scaling: { type: 'su', factor: 2 } },
      'UNSUPPORTED_CONFIG',
      ['"type"', '"su"', 'linear'],
    ],
    [
      'scaling in rope_parameters',
      { rope_theta: undefined, rope_parameters: { rope_type: 'yarn', rope_theta: 1e4 } },
      'UNSUPPORTED_CONFIG',
      ['rope_parameters', '"yarn"'],
    ],
    [
      'two rotary bases',
      { rope_parameters: { rope_type: 'default', rope_theta: 5e5 } },
      'INVALID_CONFIG',
      ['rope_theta', '10000', '500000'],
    ],
    ['attention biases that the file lacks', { attention_bias: true }, 'MISSING_TENSOR', ['self_attn.q_proj.bias']],
    ['MLP biases that the file lacks', { mlp_bias: true }, 'MISSING_TENSOR', ['mlp.gate_proj.bias']],
    ['another activation', { hidden_act: 'xielu' }, 'UNSUPPORTED_CONFIG', ['hidden_act', '"xielu"', 'silu']],
    ['a sliding window', { sliding_window: 4096 }, 'UNSUPPORTED_CONFIG', ['sliding_window', '4096']],
    [
      'quantised weights',
      { quantization_config: { quant_method: 'gptq' } },
      'UNSUPPORTED_CONFIG',
      ['quantization_config', 'gptq'],
    ],
    ['code of its own', { auto_map: { AutoModel: 'x.Y' } }, 'UNSUPPORTED_CONFIG', ['auto_map']],
    ['no heads', { num_attention_heads: 0 }, 'INVALID_CONFIG', ['num_attention_heads', '0']],
    ['half a layer', { num_hidden_layers: 2.5 }, 'INVALID_CONFIG', ['num_hidden_layers', '2.5']],
    ['a billion layers', { num_hidden_layers: 1e9 }, 'INVALID_CONFIG', ['num_hidden_layers', '1000000000']],
    ['a width given as text', { hidden_size: '32' }, 'INVALID_CONFIG', ['hidden_size', '"32"']],
    ['a negative vocabulary', { vocab_size: -1 }, 'INVALID_CONFIG', ['vocab_size', '-1']],
    ['no width', { hidden_size: undefined }, 'INVALID_CONFIG', ['hidden_size', 'is missing']],
    ['a context of 10^9 tokens', { max_position_embeddings: 1e9 }, 'INVALID_CONFIG', ['max_position_embeddings']],
    [
      'heads that do not divide the width',
      { num_attention_heads: 5, num_key_value_heads: 5, head_dim: undefined },
      'INVALID_CONFIG',
      ['hidden_size', '32', '5'],
    ],
    [
      'key heads that do not divide the heads',
      { num_key_value_heads: 3 },
      'INVALID_CONFIG',
      ['num_key_value_heads', '3', '4'],
    ],
    ['heads of odd size', { head_dim: 7 }, 'INVALID_CONFIG', ['head_dim', '7']],
    ['a rotary base of 0', { rope_theta: 0 }, 'INVALID_CONFIG', ['rope_theta', '0']],
    ['token ids that are texts', { eos_token_id: ['</s>'] }, 'INVALID_CONFIG', ['eos_token_id']],
    ['a width other than the weights', { hidden_size: 64 }, 'TENSOR_SHAPE', ['embed_tokens', '[64, 32]', '[64, 64]']],
    ['more layers than the weights', { num_hidden_layers: 4 }, 'MISSING_TENSOR', ['model.layers.3']],
    ['fewer layers than the weights', { num_hidden_layers: 2 }, 'SURPLUS_TENSOR', ['model.layers.2']],
  ];

  it.each(configs)('with %s', async (_, changes, code, parts) => {
    const path = copyOf(LLAMA);
    editJson(join(path, 'config.json'), changes);
    await expectRefusal(path, code, ...parts);
  });

  it.each([
    ['that is no JSON', '{"a":'],
    ['that is a list', '[]'],
    ['that is empty', ''],
  ])('%s', async (_, content) => {
    const path = copyOf(LLAMA);
    writeFileSync(join(path, 'config.json'), content);
    await expectRefusal(path, 'INVALID_JSON', 'config.json');
  });
});

describe('safetensors', () => {
  const tensor = (header: SafetensorsHeader) => header[Q_PROJ]!;
  const headers: [string, (header: SafetensorsHeader) => unknown, string, string[]][] = [
    ['an unknown number format', (h) => void (tensor(h).dtype = 'F99'), 'UNSUPPORTED_ELEMENT_TYPE', [Q_PROJ, 'F99']],
    ['float64', (h) => void (tensor(h).dtype = 'F64'), 'UNSUPPORTED_ELEMENT_TYPE', ['F64', 'BF16']],
    ['offsets beside the shape', (h) => void (tensor(h).data_offsets[1]! += 4), 'INVALID_HEADER', [Q_PROJ]],
    ['offsets the wrong way round', (h) => void tensor(h).data_offsets.reverse(), 'INVALID_HEADER', [Q_PROJ]],
    ['a negative size', (h) => void (tensor(h).shape = [-32, -32]), 'INVALID_HEADER', [Q_PROJ]],
    ['a size with a fraction', (h) => void (tensor(h).shape = [32.5, 32]), 'INVALID_HEADER', [Q_PROJ]],
    ['a size of 10^18 elements', (h) => void (tensor(h).shape = [1e9, 1e9]), 'INVALID_HEADER', [Q_PROJ]],
    [
      'a shape that is no list',
      (h) => void ((tensor(h) as { shape: unknown }).shape = 'x'),
      'INVALID_HEADER',
      [Q_PROJ],
    ],
    ['null for a tensor', (h) => ({ ...h, [Q_PROJ]: null }), 'INVALID_HEADER', [Q_PROJ]],
    [
      'another shape of the same size',
      (h) => void (tensor(h).shape = [16, 64]),
      'TENSOR_SHAPE',
      ['[16, 64]', '[32, 32]'],
    ],
    ['a list for a header', () => [], 'INVALID_HEADER', ['no JSON object']],
    ['no JSON', () => '{"', 'INVALID_HEADER', ['no JSON']],
    ['a tensor renamed', (h) => ({ ...h, [Q_PROJ]: undefined, x: tensor(h) }), 'MISSING_TENSOR', [Q_PROJ]],
  ];

  it.each(headers)('with %s', async (_, change, code, parts) => {
    const path = copyOf(LLAMA);
    editHeader(join(path, 'model.safetensors'), change);
    await expectRefusal(path, code, 'model', ...parts);
  });

  it('with tensors that overlap', async () => {
    const path = copyOf(LLAMA);
    editHeader(join(path, 'model.safetensors'), (header) => {
      const other = header['model.layers.0.self_attn.k_proj.weight']!;
      tensor(header).data_offsets = [...other.data_offsets];
    });
    await expectRefusal(path, 'INVALID_HEADER', 'overlap', Q_PROJ);
  });

  it('with tensors past the end', async () => {
    const path = copyOf(LLAMA);
    editHeader(join(path, 'model.safetensors'), (header) => {
      const [begin, end] = tensor(header).data_offsets as [number, number];
      tensor(header).data_offsets = [begin + 1e9, end + 1e9];
    });
    await expectRefusal(path, 'TRUNCATED_FILE', 'model.safetensors');
  });

  it('with bytes that belong to no tensor', async () => {
    const path = copyOf(LLAMA);
    const file = join(path, 'model.safetensors');
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(64)]));
    await expectRefusal(path, 'INVALID_HEADER', 'cover');
  });

  it.each([0, 1, 7, 8, 100, 5000, -1])('cut off after %d bytes', async (length) => {
    const path = copyOf(LLAMA);
    const file = join(path, 'model.safetensors');
    truncateSync(file, length < 0 ? readFileSync(file).length + length : length);
    await expectRefusal(path, 'TRUNCATED_FILE', file, 'bytes', 'cut off');
  });

  it.each([2n ** 63n, 2n ** 40n, 100_000_001n])('with a header of %d bytes', async (length) => {
    const path = copyOf(LLAMA);
    const file = join(path, 'model.safetensors');
    writeFileSync(file, Buffer.concat([u64(length), readFileSync(file).subarray(8)]));
    await expectRefusal(path, 'INVALID_HEADER', String(length));
  });

  it.each([
    ['NaN', Number.NaN],
    ['-Infinity', -Infinity],
  ])('with %s among the weights', async (shown, bad) => {
    const path = copyOf(LLAMA);
    const file = join(path, 'model.safetensors');
    const { header, data } = readSafetensors(file);
    data.writeFloatLE(bad, header[Q_PROJ]!.data_offsets[0]! + 4 * 77);
    writeFileSync(file, safetensorsBytes(header, data));
    const found = await refusal(openModelSource(path).then((source) => source.loadWeights()));
    expect(found.code).toBe('NON_FINITE_WEIGHT');
    expect(found.message).toContain(`"${Q_PROJ}" holds ${shown} at element 77;`);
  });

  it('cut off after it was opened', async () => {
    const path = copyOf(LLAMA);
    const source = await openModelSource(path);
    truncateSync(join(path, 'model.safetensors'), 20_000);
    expect((await refusal(source.loadWeights())).code).toBe('TRUNCATED_FILE');
  });
});

describe('shards', () => {
  const index = 'model.safetensors.index.json';
  const readMap = (path: string) =>
    (JSON.parse(readFileSync(join(path, index), 'utf8')) as { weight_map: Record<string, string> }).weight_map;

  it('of which one is missing', async () => {
    const path = copyOf('sources/sharded');
    rmSync(join(path, 'model-00002-of-00002.safetensors'));
    await expectRefusal(path, 'WEIGHTS_MISSING', 'model-00002-of-00002.safetensors');
  });

  it.each([
    ['a shard outside the directory', (map: Record<string, string>) => ({ ...map, x: '../x.safetensors' }), '../x'],
    ['a tensor that is in no shard', (map: Record<string, string>) => ({ ...map, x: Object.values(map)[0] }), '"x"'],
    ['no map', () => 7, 'weight_map'],
    ['numbers for files', () => ({ x: 7 }), 'weight_map'],
  ])('whose index has %s', async (_, change, part) => {
    const path = copyOf('sources/sharded');
    editJson(join(path, index), { weight_map: change(readMap(path)) });
    await expectRefusal(path, 'INVALID_HEADER', index, part);
  });

  it('that hold the same tensor', async () => {
    const path = copyOf('sources/sharded');
    const copy = readFileSync(join(path, 'model-00001-of-00002.safetensors'));
    writeFileSync(join(path, 'model-00002-of-00002.safetensors'), copy);
    await expectRefusal(path, 'INVALID_HEADER', 'two shards');
  });
});

/** Adds a float32 vector to a GGUF file. */
function addVector(parts: GgufParts, name: string, values: number[]): void {
  parts.tensors.push({ name, shape: [values.length], type: 0, offset: parts.data.length });
  parts.data = Buffer.concat([parts.data, Buffer.from(Float32Array.from(values).buffer)]);
}

describe('GGUF', () => {
  const parts: [string, (parts: GgufParts) => void, string, string[]][] = [
    ['version 1', (p) => void (p.version = 1), 'UNSUPPORTED_GGUF', ['version 1']],
    ['big endian numbers', (p) => void (p.version = 0x03000000), 'UNSUPPORTED_GGUF', ['big endian']],
    [
      'another architecture',
      (p) => void (p.metadata['general.architecture'] = value.text('mamba')),
      'UNSUPPORTED_ARCHITECTURE',
      ['"mamba"', 'llama'],
    ],
    ['no architecture', (p) => void delete p.metadata['general.architecture'], 'UNSUPPORTED_ARCHITECTURE', ['null']],
    [
      'a quantisation that is not decoded',
      (p) => void (p.tensors[0]!.type = 10),
      'UNSUPPORTED_ELEMENT_TYPE',
      ['token_embd.weight', 'Q2_K', 'Q4_1'],
    ],
    [
      'a number format that nobody knows',
      (p) => void (p.tensors[0]!.type = 777),
      'UNSUPPORTED_ELEMENT_TYPE',
      ['ggml type 777'],
    ],
    [
      'rows that are no whole blocks',
      (p) => void (p.tensors[0]!.type = 8),
      'INVALID_HEADER',
      ['token_embd.weight', 'Q8_0'],
    ],
    ['five dimensions', (p) => void (p.tensors[0]!.shape = [1, 1, 1, 5, 8]), 'INVALID_HEADER', ['5 dimensions']],
    ['a size of 2^40', (p) => void (p.tensors[0]!.shape = [2 ** 40, 8]), 'TRUNCATED_FILE', ['bytes']],
    [
      'a size of 2^60 elements',
      (p) => void (p.tensors[0]!.shape = [2 ** 30, 2 ** 30]),
      'INVALID_HEADER',
      ['token_embd'],
    ],
    [
      'tensors that overlap',
      (p) => void (p.tensors[1]!.offset = 32),
      'INVALID_HEADER',
      ['overlap', 'token_embd.weight'],
    ],
    ['an offset past the end', (p) => void (p.tensors[1]!.offset = 3200), 'TRUNCATED_FILE', ['bytes']],
    [
      'an offset that is not aligned',
      (p) => void (p.tensors[1]!.offset = 33),
      'INVALID_HEADER',
      ['33', 'multiple of 32'],
    ],
    [
      'a tensor twice',
      (p) => void p.tensors.push({ ...p.tensors[1]! }),
      'INVALID_HEADER',
      ['output_norm.weight', 'twice'],
    ],
    ['more tensors than it can hold', (p) => void (p.tensorCount = 900_000n), 'TRUNCATED_FILE', ['tensor count']],
    ['2^63 tensors', (p) => void (p.tensorCount = 2n ** 63n), 'INVALID_HEADER', ['tensor count']],
    [
      'an odd alignment',
      (p) => void (p.metadata['general.alignment'] = value.u32(33)),
      'INVALID_HEADER',
      ['general.alignment', '33'],
    ],
    [
      'a text of 2^62 bytes',
      (p) => void (p.metadata['x'] = Buffer.concat([u32(8), u64(2n ** 62n)])),
      'INVALID_HEADER',
      ['"x"'],
    ],
    [
      'a text longer than the file',
      (p) => void (p.metadata['x'] = Buffer.concat([u32(8), u64(2n ** 23n)])),
      'TRUNCATED_FILE',
      ['"x"'],
    ],
    [
      'a list longer than the file',
      (p) => void (p.metadata['x'] = Buffer.concat([u32(9), u32(4), u64(4_000_000)])),
      'TRUNCATED_FILE',
      ['"x"'],
    ],
    [
      'a list of lists',
      (p) => void (p.metadata['x'] = Buffer.concat([u32(9), u32(9), u64(1)])),
      'INVALID_HEADER',
      ['"x"', 'type 9'],
    ],
    ['a value of unknown type', (p) => void (p.metadata['x'] = u32(99)), 'INVALID_HEADER', ['"x"', 'type 99']],
    [
      'scaled rotary positions',
      (p) => void (p.metadata['llama.rope.scaling.type'] = value.text('yarn')),
      'UNSUPPORTED_CONFIG',
      ['llama.rope.scaling.type', '"yarn"'],
    ],
    [
      'rotary positions on half a head',
      (p) => void (p.metadata['llama.rope.dimension_count'] = value.u32(2)),
      'UNSUPPORTED_CONFIG',
      ['llama.rope.dimension_count', '2'],
    ],
    [
      'experts',
      (p) => void (p.metadata['llama.expert_count'] = value.u32(8)),
      'UNSUPPORTED_CONFIG',
      ['llama.expert_count', '8'],
    ],
    [
      'a setting that is not known here',
      (p) => void (p.metadata['llama.logit_scale'] = value.f32(0.5)),
      'UNSUPPORTED_CONFIG',
      ['llama.logit_scale', '0.5'],
    ],
    [
      'no width',
      (p) => void delete p.metadata['llama.embedding_length'],
      'INVALID_CONFIG',
      ['llama.embedding_length', 'is missing'],
    ],
    [
      'three key heads for two heads',
      (p) => void (p.metadata['llama.attention.head_count_kv'] = value.u32(3)),
      'INVALID_CONFIG',
      ['head_count_kv', '3'],
    ],
    [
      'another vocabulary than its embedding',
      (p) => void (p.metadata['llama.vocab_size'] = value.u32(6)),
      'TENSOR_SHAPE',
      ['token_embd.weight', '[5, 8]', '[6, 8]'],
    ],
    ['a tensor missing', (p) => void p.tensors.pop(), 'MISSING_TENSOR', ['blk.0.ffn_down.weight']],
    [
      'a bias of another shape',
      (p) => void (p.tensors.at(-1)!.name = 'blk.0.attn_q.bias'),
      'TENSOR_SHAPE',
      ['blk.0.attn_q.bias'],
    ],
    [
      'no rotary factors in their tensor',
      (p) => void p.tensors.push({ name: 'rope_freqs.weight', shape: [0], type: 0, offset: 0 }),
      'INVALID_HEADER',
      ['rope_freqs.weight', '[0]'],
    ],
    [
      'rotary factors for other heads',
      (p) => void addVector(p, 'rope_freqs.weight', [1, 1, 1]),
      'INVALID_CONFIG',
      ['rope_freqs.weight', '3 values'],
    ],
    [
      'a rotary factor of 0',
      (p) => void addVector(p, 'rope_freqs.weight', [1, 0]),
      'INVALID_HEADER',
      ['rope_freqs.weight', '0'],
    ],
  ];

  it('that is right opens', async () => {
    const source = await openModelSource(writeFile('tiny.gguf', ggufBytes(tinyGguf())));
    expect(source.config).toMatchObject({ nLayers: 1, nHeads: 2, nKvHeads: 2, dHead: 4, positions: { theta: 10_000 } });
    expect((await refusal(source.loadTokenizer())).code).toBe('TOKENIZER_MISSING');
  });

  it.each(parts)('with %s', async (_, change, code, shown) => {
    const changed = tinyGguf();
    change(changed);
    await expectRefusal(writeFile('bad.gguf', ggufBytes(changed)), code, 'bad.gguf', ...shown);
  });

  it('that starts with other letters', () =>
    expectRefusal(writeFile('x.gguf', Buffer.alloc(100)), 'INVALID_HEADER', '"GGUF"'));

  it('cut off anywhere', async () => {
    const bytes = ggufBytes(tinyGguf());
    for (let length = 0; length < bytes.length; length += 13) {
      await expectRefusal(writeFile('cut.gguf', bytes.subarray(0, length)), 'TRUNCATED_FILE', `${length} bytes`);
    }
  });

  it('with an infinite scale in a quantised tensor', async () => {
    const bytes = readFileSync(join(golden, 'sources/byte-pair.gguf'));
    const norm = 4 * 32; // the last tensor, float32; before it blk.1.ffn_down.weight, Q4_1, in blocks of 20 bytes
    bytes.writeUInt16LE(0x7c00, bytes.length - norm - 20);
    const source = await openModelSource(writeFile('inf.gguf', bytes));
    const found = await refusal(source.loadWeights());
    expect(found.code).toBe('NON_FINITE_WEIGHT');
    expect(found.message).toContain(`"blk.1.ffn_down.weight"`);
    expect(found.message).toContain(`at element ${32 * 64 - 32};`);
  });
});

describe('tokenizers', () => {
  const withTokenizer = (changes: Record<string, Buffer>) => {
    const parts = tinyGguf();
    Object.assign(parts.metadata, {
      'tokenizer.ggml.model': value.text('gpt2'),
      'tokenizer.ggml.tokens': value.texts(['a', 'b', 'ab', 'c', '<s>']),
      'tokenizer.ggml.merges': value.texts(['a b']),
      ...changes,
    });
    return openModelSource(writeFile('t.gguf', ggufBytes(parts))).then((source) => source.loadTokenizer());
  };

  it('of GGUF that are right encode', async () => {
    const tokenizer = await withTokenizer({});
    expect(tokenizer.encode('abc')).toEqual([2, 3]);
    expect(tokenizer.vocabSize).toBe(5);
  });

  it.each([
    ['of an unknown kind', { 'tokenizer.ggml.model': value.text('rwkv') }, 'UNSUPPORTED_TOKENIZER', 'rwkv'],
    [
      'that cut texts in an unknown way',
      { 'tokenizer.ggml.pre': value.text('tekken') },
      'UNSUPPORTED_TOKENIZER',
      'tekken',
    ],
    ['with merges that are no pairs', { 'tokenizer.ggml.merges': value.texts(['abc']) }, 'INVALID_TOKENIZER', 'merges'],
    [
      'whose BOS is not in the vocabulary',
      { 'tokenizer.ggml.bos_token_id': value.u32(5) },
      'INVALID_CONFIG',
      'bos_token_id',
    ],
    [
      'with more tokens than the model',
      { 'tokenizer.ggml.tokens': value.texts([...'abcdef']) },
      'INVALID_TOKENIZER',
      'last token is 5',
    ],
    ['of SentencePiece without scores', { 'tokenizer.ggml.model': value.text('llama') }, 'INVALID_TOKENIZER', 'scores'],
  ])('%s', async (_, changes, code, part) => {
    const found = await refusal(withTokenizer(changes as unknown as Record<string, Buffer>));
    expect(found.code).toBe(code);
    expect(found.message).toContain(part);
  });

  it.each([
    ['that is no JSON', '{', 'INVALID_JSON'],
    ['that is an empty object', '{}', 'INVALID_TOKENIZER'],
  ])('tokenizer.json %s', async (_, content, code) => {
    const path = copyOf('sources/sharded');
    writeFileSync(join(path, 'tokenizer.json'), content);
    expect((await refusal((await openModelSource(path)).loadTokenizer())).code).toBe(code);
  });

  it('asked for a token outside the vocabulary', async () => {
    const tokenizer = await withTokenizer({});
    for (const id of [-1, 5, 1.5, Number.NaN]) {
      const found = await refusal(Promise.resolve().then(() => tokenizer.decode([id])));
      expect(found).toMatchObject({ code: 'TOKEN_OUT_OF_VOCABULARY' });
      expect(found.message).toContain(`Token ${id} `);
    }
  });

  it('asked for a chat without a template, or with one that raises', async () => {
    const chat = (template: Record<string, Buffer>) =>
      withTokenizer(template).then((tokenizer) =>
        tokenizer.applyChatTemplate([{ role: 'user', content: 'x' }], { addGenerationPrompt: true }),
      );
    expect((await refusal(chat({}))).code).toBe('CHAT_TEMPLATE_MISSING');
    const raising = { 'tokenizer.chat_template': value.text("{{ raise_exception('no user here') }}") };
    const found = await refusal(chat(raising));
    expect(found.code).toBe('CHAT_TEMPLATE_FAILED');
    expect(found.message).toContain('no user here');
  });
});
