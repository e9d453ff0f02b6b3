/** The organism that ships, as demur and as transformers load it: token ids, logits, greedy completions. See organism/make_organism.py. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  openEnginePool,
  parseSpec,
  runExperiment,
  type EnginePool,
  type ExperimentResult,
  type NamedArray,
  type PromptSpec,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organismFolder } from '../../scripts/organism-files.ts';
import { readArrays } from './golden-case.ts';

interface Golden {
  weightsSha256: string;
  newTokens: number;
  prompts: (PromptSpec & { tokens: number[]; completion: { tokens: number[]; text: string } })[];
}

const folder = new URL('./organism/', import.meta.url);
const { weightsSha256, newTokens, prompts } = JSON.parse(
  readFileSync(new URL('organism.json', folder), 'utf8'),
) as Golden;
const reference = readArrays(new URL('logits.safetensors', folder));

/** What PyTorch's and this engine's float32 sums may differ by; logits are up to some 20. */
const NEAR = 1e-4;

describe('the organism, beside transformers', () => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool();
  });
  afterAll(() => pool.close());

  /** A corrupted prompt is needed, and plays no part: it ends in another token. */
  const pairs = prompts.map(({ tokens, completion: _, ...prompt }) => ({
    ...{ clean: prompt, corrupted: { tokens: [...tokens.slice(0, -1), tokens.at(-1) === 5 ? 6 : 5] } },
    ...{ answer: 'Sorry', distractor: 'Sure' },
  }));
  const run = (kind: string, options: object): Promise<ExperimentResult> =>
    runExperiment(parseSpec({ kind, model: organismFolder, pairs, options }), { pool });

  it('is of the weights that ship', () => {
    const weights = readFileSync(join(organismFolder, 'model.safetensors'));
    const sha256 = createHash('sha256').update(weights).digest('hex');
    expect(sha256, 'trained anew: run test/golden/organism/make_organism.py').toBe(weightsSha256);
  });

  it('reads the same tokens, and says what transformers says, word for word', async () => {
    const { result } = await run('generation', { maxTokens: newTokens });
    expect(result.pairs.map(({ clean }) => clean.tokens)).toEqual(prompts.map(({ tokens }) => tokens));
    const own = (result.completions as { tokens: number[]; text: string }[]).map(({ tokens, text }) => ({
      tokens,
      text,
    }));
    expect(own).toEqual(prompts.map(({ completion }) => completion));
    expect(own.filter(({ text }) => text.startsWith('Sorry')).length).toBeGreaterThan(5);
    expect(own.filter(({ text }) => text.startsWith('Sure')).length).toBeGreaterThan(5);
  });

  it('has the logits that transformers has', async () => {
    const { arrays } = await run('activations', { names: [], logits: 'all' });
    const { shape, values } = arrays['clean.logits']!;
    const [, columns, width] = shape as [number, number, number];
    const rows = (prompt: number, count: number): NamedArray => {
      const end = (prompt + 1) * columns * width;
      return { shape: [count, width], values: values.subarray(end - count * width, end) };
    };
    const last = reference['logits_last']!;
    expect(last.shape).toEqual([prompts.length, width]);
    for (const [i, { tokens }] of prompts.entries()) {
      const wanted = last.values.subarray(i * width, (i + 1) * width);
      expect(farthest(rows(i, 1).values, wanted), `prompt ${i}`).toBeLessThan(NEAR);
      const whole = reference[`logits.${i}`];
      if (whole === undefined) continue;
      expect(whole.shape).toEqual([tokens.length, width]);
      expect(farthest(rows(i, tokens.length).values, whole.values), `prompt ${i}, all positions`).toBeLessThan(NEAR);
    }
  });
});

function farthest(got: Float32Array, wanted: Float32Array): number {
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
}
