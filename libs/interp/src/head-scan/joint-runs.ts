/**
 * Runs in which many heads change at once, of several layers: each head's z is replaced at some positions, from the first of
 * its layers on. Sets of heads are cells of one pass over the suffix, as a sweep's single heads are. Which sets there are is
 * chosen-heads.ts's part, and what is put in joint-changes.ts's.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { lastRows, runBlock, scoped } from '@demur/model/engine';
import type { KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import { candidatesAtATime } from '../direction/rows-at-a-time.ts';
import type { Metric } from '../metrics/metric.ts';
import type { ShardWork } from '../shard.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { Side } from '../suffix/pair-runs.ts';
import type { Head } from './chosen-heads.ts';

/** What is done to the heads of a set: in whose run, where, and what takes the place of their z. */
export interface JointChange {
  side: Side;
  /** Where z changes: `all` from the first difference on. */
  position: 'all' | 'last';
  /**
   * Rows for all heads of a layer, [S · pairs, nHeads · dHead] or, alike for all pairs, [S, nHeads · dHead].
   * @param z of both sides' own runs, [S · pairs, nHeads · dHead].
   */
  value: (layer: number, z: Record<Side, Tensor2D>, block: PairBlock) => Tensor2D;
}

export interface JointOptions {
  changes: readonly JointChange[];
  sets: readonly (readonly Head[])[];
  metric: Metric;
  work: Pick<ShardWork, 'cancel' | 'readings'>;
  /** Called before each pass, with how many of `total` are done. */
  onStep: (done: number, total: number) => void;
}

/** Of each change the metric of every set's run, [set · pairs], pairs varying fastest. The metric's pairs are the block's. */
export async function jointMetrics(
  model: Transformer,
  block: PairBlock,
  { changes, sets, metric, work, onStep }: JointOptions,
): Promise<Float32Array[]> {
  const pairs = block.pairs.length;
  const seen = model.firstLayers(metric.layers);
  const size = candidatesAtATime(seen, block);
  const perChange = Math.ceil(sets.length / size);
  const results = changes.map(() => new Float32Array(sets.length * pairs));
  tf.tidy(() => {
    const runs = bothRuns(seen, block, { sets, work });
    for (const [at, change] of changes.entries())
      for (let pass = 0; pass < perChange; pass++) {
        onStep(at * perChange + pass, changes.length * perChange);
        const some = sets.slice(pass * size, (pass + 1) * size);
        const final = scoped(() => finalRows(seen, runs, { change, sets: some, work }));
        work.readings.read(metric.values(final, pairs), (values) => results[at]!.set(values, pass * size * pairs));
        final.dispose();
      }
  });
  await work.readings.settle();
  return results;
}

/** The two runs of a block, as far as runs with changed heads need them. */
interface BothRuns {
  block: PairBlock;
  group: RowGroup;
  /** The first layer that has a head of the sets. */
  first: number;
  /** The residual stream before it, [S · pairs, dModel]. */
  resid: Record<Side, Tensor2D>;
  layers: KeptLayer[];
}

interface KeptLayer {
  /** Of a layer with heads of the sets. */
  z: Record<Side, Tensor2D> | null;
  prefix: KeyValues | null;
}

function bothRuns(model: Transformer, block: PairBlock, { sets, work }: Pick<JointOptions, 'sets' | 'work'>): BothRuns {
  const changed = new Set(sets.flat().map(({ layer }) => layer));
  const first = Math.min(...changed, model.config.nLayers - 1);
  const { layers, group } = runPairs(model, block, {
    cancel: work.cancel,
    onLayer: ({ layer, trace, rows, prefixKeyValues }) => {
      const both = (x: Tensor2D) => ({ clean: rows(x, 'clean'), corrupted: rows(x, 'corrupted') });
      return {
        resid: layer === first ? both(trace.residPre) : null,
        z: changed.has(layer) ? both(trace.z) : null,
        prefix: layer < first ? null : prefixKeyValues(),
      };
    },
  });
  return { block, group, first, resid: layers[first]!.resid!, layers };
}

interface SetRuns extends Pick<JointOptions, 'sets' | 'work'> {
  change: JointChange;
}

/** The residual stream at the last position, [sets · pairs, dModel]. */
function finalRows(
  model: Transformer,
  { block, group, first, resid, layers }: BothRuns,
  { change, sets, work }: SetRuns,
): Tensor2D {
  const pairs = block.pairs.length;
  const cells = sets.length * pairs;
  const { nLayers, nHeads } = model.config;
  let rows = eachSet(resid[change.side], { positions: group.positions, sets: sets.length });
  for (let layer = first; layer < nLayers; layer++) {
    work.cancel.throwIfCancelled();
    const { prefix, z } = layers[layer]!;
    const own = { ...group, cells, contexts: pairs, fixed: prefix ? [prefix] : [] };
    const changedZ = (x: Tensor2D): Tensor2D => {
      if (z === null) return x;
      const masks = headMasks(sets, layer, { nHeads, width: x.shape[1] });
      return withHeads(x, { block, change, masks, value: change.value(layer, z, block) });
    };
    const point = Object.assign(
      <T extends Tensor>(hook: string, x: T): T =>
        hook === 'attn.hook_z' ? (changedZ(x as Tensor as Tensor2D) as Tensor as T) : x,
      { wants: () => false },
    );
    const before = rows;
    rows = model.withBlock(layer, (weights) =>
      scoped(() => runBlock(weights, before, [own], { point, lastOnly: layer === nLayers - 1 }).residPost),
    );
    before.dispose();
  }
  return lastRows(rows, { ...group, cells, positions: rows.shape[0] / cells });
}

/** Rows [S · pairs, width] once for each set: [S · sets · pairs, width]. */
function eachSet(x: Tensor2D, { positions, sets }: { positions: number; sets: number }): Tensor2D {
  const [rows, width] = x.shape;
  return x
    .reshape<Tensor4D>([positions, 1, rows / positions, width])
    .tile([1, sets, 1, 1])
    .reshape([rows * sets, width]);
}

interface Put {
  block: PairBlock;
  change: JointChange;
  /** What `change.value` gave. */
  value: Tensor2D;
  /** Of each set, one where an entry of z is of its heads: [sets][nHeads · dHead]. */
  masks: number[][];
}

/** z [some positions · sets · pairs, width], the last ones of the suffix, with the value where the change says. */
function withHeads(z: Tensor2D, { block, change, value, masks }: Put): Tensor2D {
  const [rows, width] = z.shape;
  const [sets, pairs, positions] = [masks.length, block.pairs.length, suffixLength(block)];
  const count = rows / (sets * pairs);
  const places = Array.from({ length: count }, (_, i) => (change.position === 'all' || i === count - 1 ? 1 : 0));
  const taken = tf.tensor(masks.flat(), [1, sets, 1, width]).mul<Tensor4D>(tf.tensor(places, [count, 1, 1, 1]));
  const alike = value.shape[0] / positions;
  const own = value
    .slice([(positions - count) * alike, 0], [count * alike, width])
    .reshape<Tensor4D>([count, 1, alike, width]);
  return z
    .reshape<Tensor4D>([count, sets, pairs, width])
    .mul(tf.sub(1, taken))
    .add<Tensor4D>(own.mul(taken))
    .reshape([rows, width]);
}

function headMasks(
  sets: SetRuns['sets'],
  layer: number,
  { nHeads, width }: { nHeads: number; width: number },
): number[][] {
  return sets.map((set) => {
    const own = new Set(set.filter((head) => head.layer === layer).map(({ head }) => head));
    return Array.from({ length: width }, (_, at) => (own.has(Math.floor((at * nHeads) / width)) ? 1 : 0));
  });
}
