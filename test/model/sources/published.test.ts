/** Published config.json files, and files that leave fields out, mean here what they mean to transformers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModelSource, weight } from '@demur/model';
import { describe, expect, it } from 'vitest';
import { familyOfHuggingFace } from '../../../libs/model/src/families/index.ts';
import { copyOf, golden, readSafetensors, safetensorsBytes } from './model-files.ts';

interface Resolved {
  nLayers: number;
  nHeads: number;
  nKvHeads: number;
  dHead: number;
  dModel: number;
  dMlp: number;
  dVocab: number;
  context: number;
  eps: number;
  activation: string;
  windows: (number | null)[];
  theta: number | null;
  rope: string | null;
  factor: number | null;
  scale: number;
  softcap: number | null;
  logitSoftcap: number | null;
  tied: boolean;
}

const configs = JSON.parse(readFileSync(join(golden, 'configs/configs.json'), 'utf8')) as Record<
  string,
  { config: Record<string, unknown>; resolved: Resolved }
>;
const activations: Record<string, string> = { gelu_new: 'gelu-tanh', gelu_pytorch_tanh: 'gelu-tanh' };

describe('config.json of', () => {
  it.each(Object.entries(configs))('%s', (_, { config: json, resolved }) => {
    const fields = { file: 'config.json', values: new Map(Object.entries(json)) };
    const config = familyOfHuggingFace(fields).configFromHuggingFace(fields);
    const { context, eps, activation, theta, rope, factor, scale, softcap, windows, tied, ...same } = resolved;
    expect(config).toMatchObject(same);
    expect(config.norm.eps).toBe(eps);
    expect(config.nCtx).toBe(rope === 'linear' ? context * factor! : context);
    expect(config.mlp.activation).toBe(activations[activation] ?? activation);
    expect(config.attention).toMatchObject({ softcap, windows });
    expect(config.attention.scale).toBeCloseTo(scale, 12);
    expect(config.tiedEmbeddings).toBe(tied);
    if (config.positions.kind === 'learned') expect(rope).toBe(null);
    else expect([config.positions.theta, config.positions.scaling?.kind ?? 'default']).toEqual([theta, rope]);
  });
});

/** A copy of a tied model whose file holds an unembedding too, made by `values` from the embedding. */
function withUnembedding(name: string, values: (embedding: Buffer) => Buffer): string {
  const path = copyOf(name);
  const file = join(path, 'model.safetensors');
  const { header, data } = readSafetensors(file);
  const embedding = header['model.embed_tokens.weight']!;
  const [begin, end] = embedding.data_offsets as [number, number];
  header['lm_head.weight'] = { ...embedding, data_offsets: [data.length, data.length + end - begin] };
  writeFileSync(file, safetensorsBytes(header, Buffer.concat([data, values(data.subarray(begin, end))])));
  return path;
}

describe('tied embeddings beside an unembedding', () => {
  it('are one where both are equal', async () => {
    const source = await openModelSource(withUnembedding('open/llama_gqa_tied/model', (bytes) => bytes));
    expect(source.config.tiedEmbeddings).toBe(true);
    expect(Object.keys((await source.loadWeights()).tensors)).not.toContain('unembed.W_U');
  });

  it('are two where they differ, as transformers has it', async () => {
    const zeros = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0, bytes.length - 4);
    const source = await openModelSource(withUnembedding('open/llama_gqa_tied/model', zeros));
    expect(source.config.tiedEmbeddings).toBe(false);
    const store = await source.loadWeights();
    const [embedding, unembedding] = [weight(store, 'embed.W_E').values, weight(store, 'unembed.W_U').values];
    expect(unembedding.subarray(0, -1)).toEqual(embedding.subarray(0, -1));
    expect(unembedding.at(-1)).toBe(0);
  });
});

describe('generation_config.json', () => {
  it('tells what ends a text before config.json does', async () => {
    const path = copyOf('families/qwen3/model');
    expect((await openModelSource(path)).config.eosTokenIds).toEqual([2]);
    writeFileSync(join(path, 'generation_config.json'), '{"temperature": 0.6}');
    expect((await openModelSource(path)).config.eosTokenIds).toEqual([2]);
    writeFileSync(join(path, 'generation_config.json'), '{"eos_token_id": [5, 6]}');
    expect((await openModelSource(path)).config.eosTokenIds).toEqual([5, 6]);
  });
});

describe('tensors that nobody needs', () => {
  it('may have any number format', async () => {
    const path = copyOf('families/gpt2_published_f16/model');
    const file = join(path, 'model.safetensors');
    const { header, data } = readSafetensors(file);
    const mask = header['h.0.attn.bias']!;
    const [begin, end] = mask.data_offsets as [number, number];
    header['h.0.attn.bias'] = { ...mask, dtype: 'BOOL', shape: [end - begin] };
    writeFileSync(file, safetensorsBytes(header, data));
    const { config } = await openModelSource(path);
    expect(config).toMatchObject({ family: 'gpt2', nLayers: 2, mlp: { gated: false, activation: 'relu' } });
  });
});
