/** How a next token is chosen, and its text given out: against published numbers, plain sums and whole-text decoding. */
import { fileURLToPath } from 'node:url';
import { openModelSource, type Tokenizer } from '@demur/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream, xoshiro128 } from '../../libs/model/src/random.ts';
import { greedyToken, requireSampling, sampledToken, SamplingError } from '../../libs/model/src/sampling.ts';
import { TextPieces, textOf } from '../../libs/model/src/text-pieces.ts';

describe('random numbers', () => {
  it('are those of the reference implementation', () => {
    const next = xoshiro128(Uint32Array.of(1, 2, 3, 4));
    // From the test of Rust's rand_xoshiro, made with the authors' C code.
    const published = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    expect(Array.from({ length: 10 }, next)).toEqual(published);
  });

  it('depend on seed and stream alone, and differ between them', () => {
    const first = (seed: number, stream: number) => Array.from({ length: 4 }, randomStream(seed, stream));
    expect(first(7, 3)).toEqual(first(7, 3));
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER];
    const all = seeds.flatMap((seed) => [0, 1, 2 ** 33].map((stream) => first(seed, stream).join()));
    expect(new Set(all).size).toBe(all.length);
  });

  it('are uniform', () => {
    const next = randomStream(11, 0);
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[Math.floor(next() * 16)]!++;
    // Chi squared of 15 degrees of freedom: 37.7 is passed once in a thousand.
    expect(counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(37.7);
  });
});

describe('a token', () => {
  const logits = Float32Array.of(1, 3, 2, 3, -1);

  it('is the first of the likeliest when greedy', () => {
    expect(greedyToken(logits)).toBe(1);
  });

  /** Shares of the tokens over evenly spread random numbers. */
  function shares(settings: { temperature: number; topK?: number; topP?: number }): number[] {
    const draws = 20_000;
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < draws; i++) counts[sampledToken(logits, { ...settings, seed: 0 }, () => (i + 0.5) / draws)]!++;
    return counts.map((count) => count / draws);
  }

  function softmax(kept: number[], temperature: number): number[] {
    const weights = Array.from(logits, (logit, id) => (kept.includes(id) ? Math.exp(logit / temperature) : 0));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  }

  it.each([
    [{ temperature: 1 }, [0, 1, 2, 3, 4]],
    [{ temperature: 0.5 }, [0, 1, 2, 3, 4]],
    [{ temperature: 2, topK: 3 }, [1, 2, 3]],
    [{ temperature: 1, topK: 1 }, [1]],
    [{ temperature: 1, topK: 9 }, [0, 1, 2, 3, 4]],
    [{ temperature: 1, topP: 1 }, [0, 1, 2, 3, 4]],
    // Probabilities 0.40, 0.40, 0.15, 0.05, 0.01.
    [{ temperature: 1, topP: 0.79 }, [1, 3]],
    [{ temperature: 1, topP: 0.85 }, [1, 2, 3]],
    [{ temperature: 1, topP: 0.01 }, [1]],
    // Of the two likeliest the first has half of the probability.
    [{ temperature: 1, topK: 2, topP: 0.4 }, [1]],
  ])('is drawn with the probabilities of %j', (settings, kept) => {
    const wanted = softmax(kept, settings.temperature);
    for (const [id, share] of shares(settings).entries()) expect(share).toBeCloseTo(wanted[id]!, 3);
  });

  it.each([
    { temperature: 0 },
    { temperature: -1 },
    { temperature: NaN },
    { temperature: 1, topK: 0 },
    { temperature: 1, topK: 1.5 },
    { temperature: 1, topP: 0 },
    { temperature: 1, topP: 1.01 },
    { temperature: 1, seed: 0.5 },
  ])('is not drawn by %j', (settings) => {
    expect(() => requireSampling({ seed: 0, ...settings })).toThrow(SamplingError);
  });
});

describe.each(['byte-pair.gguf', 'sentence-piece.gguf'])('text of %s', (file) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    const path = fileURLToPath(new URL(`../golden/sources/${file}`, import.meta.url));
    tokenizer = await (await openModelSource(path)).loadTokenizer();
  });

  const texts = [
    'Hello there, how are you?',
    'naïve café — 日本語 🙂🙃 done',
    '👩‍👩‍👧 family',
    ' leading and  double  spaces\n\n',
  ];

  it.each(texts)('comes in whole characters that join to %j', (text) => {
    const ids = tokenizer.encode(text);
    const pieces = new TextPieces(tokenizer);
    const given = ids.map((id) => pieces.push(id));
    expect(given.join('') + pieces.end()).toBe(tokenizer.decode(ids));
    expect(given.every((piece) => !piece.includes('\u{FFFD}'))).toBe(true);
    expect(given.filter((piece) => piece !== '').length).toBeGreaterThan(1);
  });

  it('gives out what was cut within a character at the end', () => {
    const ids = tokenizer.encode('ok 🙂').slice(0, -1);
    const pieces = new TextPieces(tokenizer);
    const given = ids.map((id) => pieces.push(id)).join('') + pieces.end();
    expect(given).toBe(tokenizer.decode(ids));
    expect(given).toContain('\u{FFFD}');
  });

  it('joins to the decoded whole for any tokens', () => {
    const random = randomStream(5, 0);
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 30 }, () => Math.floor(random() * tokenizer.vocabSize));
      const pieces = new TextPieces(tokenizer);
      const given = ids.map((id) => pieces.push(id)).join('') + pieces.end();
      expect(given).toBe(tokenizer.decode(ids));
    }
  });

  it('shows ids that the tokenizer does not know', () => {
    const [id] = tokenizer.encode('a') as [number];
    const beyond = tokenizer.vocabSize + 3;
    expect(textOf([id, beyond, id], tokenizer)).toBe(`${tokenizer.decode([id])}<${beyond}>${tokenizer.decode([id])}`);
  });
});
