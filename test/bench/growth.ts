/**
 * How cost grows: each kind of work at one size and at twice that size. Sizes are those that users choose: pairs, tokens of
 * the suffix, layers, edges. Prompts are random tokens behind a shared prefix, models of other depths have random weights.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGraph, type PairSpec } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { writeRandomLlama } from '../support/random-model.ts';
import { table } from './report.ts';
import { timeExperiment } from './time-experiment.ts';

interface Prompts {
  pairs: number;
  /** Tokens that all prompts share, and tokens from the first difference on. */
  prefix: number;
  suffix: number;
}

const USUAL: Prompts = { pairs: 16, prefix: 30, suffix: 8 };
/** Ids that every model here has, and that no pair has twice. */
const TOKENS = 2000;

/** Pairs that differ in the token after the prefix; without a prefix, in the first, and share no token with other pairs there. */
export function tokenPairs({ pairs, prefix, suffix }: Prompts): PairSpec[] {
  const token = (seed: number): number => 10 + ((seed * 7919) % (TOKENS - 10));
  const shared = Array.from({ length: prefix }, (_, at) => token(at + 1));
  const rest = Array.from({ length: suffix - 1 }, (_, at) => token(at + 301));
  return Array.from({ length: pairs }, (_, i) => ({
    clean: { tokens: [...shared, token(2 * i + 501), ...rest] },
    corrupted: { tokens: [...shared, token(2 * i + 502), ...rest] },
    answer: 5,
    distractor: 6,
  }));
}

const residGrid = { kind: 'activation-patching', options: { activations: ['resid_pre'] } };
const eap = { kind: 'attribution', options: { kvHeads: 'expanded' } };

interface Growth {
  what: string;
  /** Seconds at the size, and at twice the size. */
  seconds: [number, number];
}

/** The rows of the table; `model` is the real one. */
async function growths(model: string, repeats: number): Promise<Growth[]> {
  const folder = mkdtempSync(join(tmpdir(), 'demur-bench-'));
  const shape = { dModel: 576, heads: 9, dMlp: 1536, vocabulary: TOKENS };
  const models = [8, 16].map((layers) => {
    const path = join(folder, `${layers}`);
    writeRandomLlama(path, { ...shape, layers });
    return path;
  });
  const time = async (spec: { kind: string; options: object }, prompts: Prompts, of = model): Promise<number> =>
    (await timeExperiment(spec, { model: of, pairs: tokenPairs(prompts), repeats })).seconds;
  const twice = async (what: string, at: (size: 1 | 2) => Promise<number>): Promise<Growth> => {
    const seconds: [number, number] = [await at(1), await at(2)];
    console.error(`${what}: ${seconds.map((s) => s.toFixed(2)).join(' s, ')} s`);
    return { what, seconds };
  };
  const edges = await everyNthEdge(models[1]!, 400);
  try {
    return [
      await twice('EAP, 16 and 32 pairs', (n) => time(eap, { ...USUAL, pairs: 16 * n })),
      await twice('grid of resid_pre, 16 and 32 pairs', (n) => time(residGrid, { ...USUAL, pairs: 16 * n })),
      await twice('EAP, suffixes of 8 and 16 tokens', (n) => time(eap, { ...USUAL, suffix: 8 * n })),
      await twice('EAP, prefixes of 30 and 60 tokens', (n) => time(eap, { ...USUAL, prefix: 30 * n })),
      await twice('EAP, 8 and 16 layers (random weights)', (n) => time(eap, USUAL, models[n - 1])),
      await twice('200 and 400 edges exactly, 16 layers', (n) =>
        time(
          { kind: 'edge-patching', options: { edges: spread(edges, 200 * n), kvHeads: 'native' } },
          USUAL,
          models[1],
        ),
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `count` edges of a list, at equal distances. */
function spread(edges: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => edges[Math.floor((i * edges.length) / count)]!);
}

/** Edges of a model's native graph at equal distances in the order of receivers. */
async function everyNthEdge(model: string, count: number): Promise<string[]> {
  const { senders, receivers, mask } = buildGraph((await openModelSource(model)).config, 'native');
  const names = receivers.flatMap((receiver, r) =>
    senders.filter((_, s) => mask[s * receivers.length + r] === 1).map((sender) => `${sender}->${receiver}`),
  );
  return spread(names, count);
}

/**
 * The section on growth. Work in proportion to positions squared is no part of it at these lengths, so twice the size is to
 * take at most 2.1 times as long.
 */
export async function growthSection(model: string, { repeats, unit }: { repeats: number; unit: number | null }) {
  const rows = (await growths(model, repeats)).map(({ what, seconds: [one, two] }) => [
    what,
    one.toFixed(2),
    two.toFixed(2),
    (two / one).toFixed(2),
  ]);
  const alone = await timeExperiment(residGrid, {
    ...{ model, repeats: 1, warm: false },
    pairs: tokenPairs({ pairs: 16, prefix: 0, suffix: 38 }),
  });
  const forwards = unit === null ? '' : `, ${(alone.seconds / unit).toFixed(0)} PyTorch forwards`;
  return `${table(['work', 'seconds', 'twice as much', 'times as long'], rows)}

The grid of resid_pre without any shared prefix, 30 layers × 38 positions × 16 pairs that differ from the first token on, takes
${alone.seconds.toFixed(1)} s${forwards}.`;
}
