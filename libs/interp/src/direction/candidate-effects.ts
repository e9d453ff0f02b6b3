/**
 * What each candidate direction does to a block's pairs, as the selection of Arditi et al. 2024 (arXiv 2406.11717) asks:
 * ablated everywhere, the metric of the clean prompts and how far the corrupted prompts' next token is from the plain run's
 * (KL divergence); added at its layer, the metric of the corrupted prompts. Not the choice among them: select-direction.ts.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import { klDivergence } from '../metrics/kl-divergence.ts';
import type { Metric } from '../metrics/metric.ts';
import { openMetric } from '../metrics/open-metric.ts';
import type { ShardWork } from '../shard.ts';
import type { MetricSpec } from '../spec/metric.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import type { Side } from '../suffix/pair-runs.ts';
import { NO_CANDIDATE, runCandidates } from './candidate-runs.ts';
import type { Act, Candidate } from './candidate-runs.ts';
import { candidatesAtATime } from './rows-at-a-time.ts';

/** The values of a block's pairs, in its order, under each candidate; of one whose direction is zero, what nothing does. */
export interface BlockEffects {
  ablation: Float32Array[];
  addition: Float32Array[];
  kl: Float32Array[];
}

/** The metric of both prompts as they are, by pair, and what additions start from. */
export interface PlainRuns extends Record<Side, Float32Array> {
  metric: Metric;
  /** The corrupted run's residual streams before each layer; the caller disposes them. */
  resid: Tensor2D[];
}

type Work = Pick<ShardWork, 'cancel' | 'readings'>;

/** Runs the block's prompts with nothing done to them. */
export async function plainRuns(
  model: Transformer,
  block: PairBlock,
  { spec, work }: { spec: MetricSpec; work: Work },
): Promise<PlainRuns> {
  const { readings, cancel } = work;
  const metric = await openMetric(model, spec, { pairs: block.pairs, readings });
  const empty = (): Float32Array => new Float32Array(block.pairs.length);
  const plain: PlainRuns = { metric, clean: empty(), corrupted: empty(), resid: [] };
  const run = (side: Side): void => {
    const onResid = (resid: Tensor2D) => void (side === 'corrupted' && plain.resid.push(tf.keep(resid.clone())));
    const of = { block, side, act: 'nothing', candidates: NO_CANDIDATE, cancel, onResid } as const;
    const final = runCandidates(model, { ...of, layers: metric.layers });
    readings.read(metric.values(final, block.pairs.length), (values) => plain[side].set(values));
  };
  try {
    for (const side of ['clean', 'corrupted'] as const) tf.tidy(() => run(side));
    await readings.settle();
    return plain;
  } catch (error) {
    tf.dispose(plain.resid);
    throw error;
  }
}

export interface EffectsOptions {
  candidates: readonly Candidate[];
  plain: PlainRuns;
  work: Work;
  onStep: (done: number, total: number) => void;
}

/** Effects of all candidates on one block's pairs. Leaves no tensor behind. */
export async function candidateEffects(
  model: Transformer,
  block: PairBlock,
  { candidates, plain, work, onStep }: EffectsOptions,
): Promise<BlockEffects> {
  const { metric, resid } = plain;
  const kl = await klDivergence(model, swapped(block), work.readings);
  const effects: BlockEffects = {
    ablation: candidates.map(() => plain.clean.slice()),
    addition: candidates.map(() => plain.corrupted.slice()),
    kl: candidates.map(() => new Float32Array(block.pairs.length)),
  };
  const trying = { model, block, work, candidates };
  const whole = model.config.nLayers;
  const nonZero = [...candidates.keys()].filter((i) => candidates[i]!.values.some((x) => x !== 0));
  const distinct = nonZero.filter((i) => candidates[i]!.sameAs === undefined);
  // A metric that reads an earlier layer does not see what is added after it.
  const added = nonZero.filter((i) => candidates[i]!.layer < metric.layers);
  const steps = trials(trying, distinct).length * 2 + trials(trying, added).length;
  let step = 0;
  const stepping = { ...trying, onStep: () => onStep(step++, steps) };
  const ablate = { act: 'ablate', layers: metric.layers } as const;
  await tryAll(stepping, { ...ablate, indices: distinct, side: 'clean', metric, into: effects.ablation });
  const klRun = { ...ablate, layers: whole, indices: distinct, metric: kl, into: effects.kl } as const;
  await tryAll(stepping, { ...klRun, side: 'corrupted' });
  const addRun = { act: 'add', layers: metric.layers, indices: added, metric, into: effects.addition } as const;
  await tryAll(stepping, { ...addRun, side: 'corrupted', plain: resid });
  for (const [i, { sameAs }] of candidates.entries())
    if (sameAs !== undefined) for (const values of [effects.ablation, effects.kl]) values[i]!.set(values[sameAs]!);
  return effects;
}

/** The pairs with their corrupted prompts as what a KL divergence compares with. */
function swapped({ pairs }: PairBlock) {
  return pairs.map(({ pair }) => ({ pair: { clean: pair.corrupted } }));
}

interface Trying {
  model: Transformer;
  block: PairBlock;
  work: Work;
  candidates: readonly Candidate[];
}

interface Trial {
  indices: readonly number[];
  side: Side;
  act: Act;
  metric: Metric;
  layers: number;
  plain?: readonly Tensor2D[];
  into: Float32Array[];
}

/** The candidates of each pass. */
function trials({ model, block }: Trying, indices: readonly number[]): number[][] {
  const size = candidatesAtATime(model, block);
  return Array.from({ length: Math.ceil(indices.length / size) }, (_, i) => indices.slice(i * size, (i + 1) * size));
}

async function tryAll(trying: Trying & { onStep: () => void }, trial: Trial): Promise<void> {
  for (const indices of trials(trying, trial.indices)) {
    trying.onStep();
    tf.tidy(() => tryOne(trying, { ...trial, indices }));
    await trying.work.readings.settle();
  }
}

function tryOne({ model, block, work, candidates }: Trying, { indices, metric, into, ...trial }: Trial): void {
  const pairs = block.pairs.length;
  const own = indices.map((i) => candidates[i]!);
  const final = runCandidates(model, { ...trial, block, candidates: own, cancel: work.cancel });
  work.readings.read(metric.values(final, pairs), (values) => {
    for (const [at, i] of indices.entries()) into[i]!.set(values.subarray(at * pairs, (at + 1) * pairs));
  });
}
