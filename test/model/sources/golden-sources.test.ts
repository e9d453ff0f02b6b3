// Weights, tokens and chat text of small models of every kind, against gguf, tokenizers, sentencepiece and jinja2
// (test/golden/sources/make_sources.py). Equality is exact: hashes of float32 bytes, lists of ids.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModelSource, weight } from '@demur/model';
import { describe, expect, it } from 'vitest';

interface Expected {
  weights: Record<string, { shape: number[]; sha256: string }>;
  tokens: { text: string; ids: number[]; decoded: string }[];
  withBos: number[];
  chat?: string;
}

const golden = join(import.meta.dirname, '../../golden/sources');
const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8')) as Record<string, Expected>;
const smollm2 = join(import.meta.dirname, '../../../.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');

async function hashedWeights(path: string, names: string[]) {
  const store = await (await openModelSource(path)).loadWeights();
  const hashed = names.map((name) => {
    const { values, shape } = weight(store, name);
    const bytes = new Uint8Array(values.length * 4);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, bytes.length));
    return [name, { shape, sha256: createHash('sha256').update(bytes).digest('hex') }] as const;
  });
  return { store, hashed: Object.fromEntries(hashed) };
}

describe.each(['byte-pair.gguf', 'sentence-piece.gguf', 'sharded'])('%s', (name) => {
  const reference = expected[name]!;
  const path = join(golden, name);

  it('has the weights that the reference computes, and no others', async () => {
    const { store, hashed } = await hashedWeights(path, Object.keys(reference.weights));
    expect(hashed).toEqual(reference.weights);
    expect(Object.keys(store.tensors).sort()).toEqual(Object.keys(reference.weights).sort());
    // A large SharedArrayBuffer starts 16 bytes behind a multiple of 64: with these offsets, addresses are multiples.
    expect(Object.values(store.tensors).every(({ offset }) => (offset + 16) % 64 === 0)).toBe(true);
  });

  it('gives the token ids of the reference, and the text back', async () => {
    const tokenizer = await (await openModelSource(path)).loadTokenizer();
    for (const { text, ids, decoded } of reference.tokens) {
      expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });

  it('puts one BOS first where it is asked for, also before a text that has one', async () => {
    const tokenizer = await (await openModelSource(path)).loadTokenizer();
    expect(tokenizer.encode(reference.tokens[0]!.text, { addSpecialTokens: true })).toEqual(reference.withBos);
    const written = tokenizer.encode(`<s>${reference.tokens[0]!.text}`, { addSpecialTokens: true });
    expect(written.filter((id) => id === tokenizer.bosTokenId)).toHaveLength(1);
  });

  it('shows each token as it stands in the text', async () => {
    const tokenizer = await (await openModelSource(path)).loadTokenizer();
    const { text, ids } = reference.tokens[0]!;
    expect(
      ids
        .map((id) => tokenizer.decodeToken(id))
        .join('')
        .trimStart(),
    ).toBe(text);
  });

  it('renders the chat template as jinja2 does', async () => {
    const tokenizer = await (await openModelSource(path)).loadTokenizer();
    const messages = [{ role: 'user', content: ' Tell me how to make a pie. ' }];
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })).toBe(reference.chat);
  });
});

describe('loading', () => {
  const path = join(golden, 'sharded');

  it('reports its progress up to 1', async () => {
    const seen: number[] = [];
    await (await openModelSource(path)).loadWeights({ onProgress: (fraction) => seen.push(fraction) });
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it('stops when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const loading = (await openModelSource(path)).loadWeights({
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(loading).rejects.toBe(reason);
  });
});

describe('the configuration', () => {
  it('is read from GGUF metadata', async () => {
    const { config, format } = await openModelSource(join(golden, 'byte-pair.gguf'));
    expect(format).toBe('gguf');
    expect(config).toEqual({
      family: 'llama',
      nLayers: 2,
      nHeads: 4,
      nKvHeads: 2,
      dModel: 32,
      dHead: 64,
      dMlp: 64,
      nCtx: 128,
      dVocab: 397,
      norm: { kind: 'rms', eps: config.norm.eps },
      postNorms: false,
      positions: { kind: 'rotary', theta: 5000, scaling: null },
      attention: { scale: 1 / 8, softcap: null, windows: [null, null], qkNorm: false },
      mlp: { gated: true, activation: 'silu' },
      biases: { qkv: false, o: false, mlp: false },
      embedScale: 1,
      logitSoftcap: null,
      tiedEmbeddings: true,
      bosTokenId: 0,
      eosTokenIds: [1],
    });
    expect(config.norm.eps).toBeCloseTo(1e-5, 12);
  });

  it('is read from config.json in the style of rope_parameters and in the one of rope_theta', async () => {
    const newer = (await openModelSource(join(golden, 'sharded'))).config;
    expect(newer).toMatchObject({ positions: { theta: 5000 }, dHead: 64, norm: { eps: 1e-6 }, eosTokenIds: [1, 2] });
    expect(newer.tiedEmbeddings).toBe(false);
    const older = (await openModelSource(join(golden, '../open/llama_mha/model'))).config;
    expect(older).toMatchObject({
      positions: { theta: 10_000 },
      nHeads: 4,
      nKvHeads: 4,
      dHead: 8,
      nCtx: 64,
      eosTokenIds: [2],
    });
  });
});

const haveSmollm2 = existsSync(smollm2);
if (!haveSmollm2) console.warn(`SmolLM2 is not tested: ${smollm2} is not there (npm run fetch:smollm2 fetches it)`);

describe.runIf(haveSmollm2)('SmolLM2-135M-Instruct', () => {
  interface Case {
    pairs: [string, string][];
    text_first_clean: string;
    tokens_clean: number[][];
    tokens_corrupted: number[][];
    token_strings: string[];
    sorry: number;
    sure: number;
  }
  const reference = JSON.parse(readFileSync(join(golden, '../open/smollm2/case.json'), 'utf8')) as Case;

  it('has the weights of the first and the last block and of the embedding', async () => {
    const { weights } = expected['smollm2']!;
    expect((await hashedWeights(smollm2, Object.keys(weights))).hashed).toEqual(weights);
  });

  it('is loaded without a second copy in memory', async () => {
    const source = await openModelSource(smollm2);
    const before = process.memoryUsage().rss;
    let peak = 0;
    const store = await source.loadWeights({ onProgress: () => (peak = Math.max(peak, process.memoryUsage().rss)) });
    expect(peak - before).toBeLessThan(1.15 * store.buffer.byteLength);
  });

  it('gives the token ids of all pairs through the chat template', async () => {
    const tokenizer = await (await openModelSource(smollm2)).loadTokenizer();
    const prompt = (object: string) => {
      const messages = [{ role: 'user', content: `Tell me how to make a ${object}.` }];
      return tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
    };
    expect(prompt(reference.pairs[0]![0])).toBe(reference.text_first_clean);
    expect(reference.pairs.map(([clean]) => tokenizer.encode(prompt(clean)))).toEqual(reference.tokens_clean);
    expect(reference.pairs.map(([, other]) => tokenizer.encode(prompt(other)))).toEqual(reference.tokens_corrupted);
    expect(reference.tokens_clean[0]!.map((id) => tokenizer.decodeToken(id))).toEqual(reference.token_strings);
    expect([tokenizer.encode('Sorry'), tokenizer.encode('Sure')]).toEqual([[reference.sorry], [reference.sure]]);
  });
});
