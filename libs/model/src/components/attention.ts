/**
 * Grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) over row groups, forward; with Gemma-2's soft cap, sliding
 * windows (Mistral, arXiv 2310.06825) and Qwen3's norms of queries and keys where asked. Letters of shapes are
 * attention-layout.ts's.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { besideEachOther, byHead, lastPositions, splitParts, timesPart, toRows } from './attention-layout.ts';
import { norm } from './norm.ts';
import type { NormTape, NormTrace, NormWeights } from './norm.ts';
import { rotate } from './rotary.ts';
import type { KeyValues, RowGroup } from './row-groups.ts';
import { softcap } from './softcap.ts';

export interface AttentionShape {
  nHeads: number;
  nKvHeads: number;
  dHead: number;
}

/** How a layer attends; see config.ts. */
export interface AttentionRule extends AttentionShape {
  scale: number;
  softcap: number | null;
  window: number | null;
  /** Norms over dHead of queries and keys, before the rotation. */
  qNorm?: NormWeights;
  kNorm?: NormWeights;
}

/** W_Q [dModel, nHeads · dHead], W_K and W_V [dModel, nKvHeads · dHead], W_O [nHeads · dHead, dModel]; biases if any. */
export interface AttentionWeights extends AttentionRule {
  W_Q: Tensor2D;
  W_K: Tensor2D;
  W_V: Tensor2D;
  W_O: Tensor2D;
  b_Q?: Tensor1D;
  b_K?: Tensor1D;
  b_V?: Tensor1D;
  b_O?: Tensor1D;
}

/**
 * Projections of one group's rows: [rows, heads · dHead] each, before norm and rotation. Queries may be those of the last
 * positions alone.
 */
export interface Projections {
  q: Tensor2D;
  k: Tensor2D;
  v: Tensor2D;
}

/** What the vector-Jacobian product needs of an attention. */
export interface AttentionTape {
  /** Rotated queries [KV, C, G·S, D]. */
  queries: Tensor4D;
  /** Rotated, scaled keys and the values of the group's own rows, [KV, C, S, D]. */
  own: KeyValues;
  /** The attention pattern, [KV, C, G·S, all keys: fixed parts in order, then own]. */
  pattern: Tensor4D;
  /** Scores of the pattern's shape, after cap and mask; kept where there is a cap. */
  scores?: Tensor4D;
  /** Of the queries' and the keys' norms, where there are such: [S, C as in the rows · heads, D]. */
  qNorm?: NormTape<Tensor3D>;
  kNorm?: NormTape<Tensor3D>;
}

/** What attention made of one group. */
export interface AttentionTrace extends AttentionTape {
  /** [rows, nHeads · dHead], attention-weighted values, what W_O reads. */
  z: Tensor2D;
}

/** Rows x [rows, heads · D] as heads, through the norm that there may be, turned to their columns: [S, C · heads, D]. */
function turned(
  x: Tensor2D,
  { positions, rotations }: RowGroup,
  { dHead, weights }: { dHead: number; weights: NormWeights | undefined },
): { turned: Tensor3D; trace?: NormTrace<Tensor3D> } {
  const heads = x.reshape<Tensor3D>([positions, -1, dHead]);
  if (weights === undefined) return { turned: rotate(heads, rotations) };
  const trace = norm(weights, heads);
  return { turned: rotate(trace.normalized, rotations), trace };
}

/** Columns side by side: `count` from `start` on. */
interface Columns {
  start: number;
  count: number;
}

/**
 * [readers · queries, keys]: 0 where a query sees a key, −∞ where that lies to its right or beyond its window, the same for
 * all readers; null if it sees all.
 */
function hiding(
  queries: Columns,
  keys: Columns,
  { window, readers }: { window: number | null; readers: number },
): Tensor2D | null {
  const lastKey = keys.start + keys.count - 1;
  const lastQuery = queries.start + queries.count - 1;
  if (lastKey <= queries.start && (window === null || lastQuery - keys.start < window)) return null;
  const size = queries.count * keys.count;
  const values = new Float32Array(readers * size);
  for (let i = 0; i < queries.count; i++) {
    const query = queries.start + i;
    const row = values.subarray(i * keys.count, (i + 1) * keys.count);
    row.fill(-Infinity, Math.max(0, query + 1 - keys.start));
    if (window !== null) row.fill(-Infinity, 0, Math.max(0, query - window + 1 - keys.start));
  }
  for (let reader = 1; reader < readers; reader++) values.copyWithin(reader * size, 0, size);
  return tf.tensor2d(values, [readers * queries.count, keys.count]);
}

/** The columns of a group's parts: the fixed ones lie in order right before its own. */
function partColumns(group: RowGroup): Columns[] {
  const counts = [...group.fixed.map((part) => part.keys.shape[2]), group.positions];
  let start = group.start + group.positions - counts.reduce((a, b) => a + b);
  return counts.map((count) => ({ start: (start += count) - count, count }));
}

/** Scores of the queries on every part's keys, capped, then masked: [KV, C, G·S, all keys]. */
function attentionScores(queries: Tensor4D, own: KeyValues, group: RowGroup, rule: AttentionRule): Tensor4D {
  const readers = rule.nHeads / rule.nKvHeads;
  const count = queries.shape[2] / readers;
  const asking = { start: group.start + group.positions - count, count };
  const columns = partColumns(group);
  const scores = [...group.fixed, own].map((part, i) => {
    const capped = softcap(timesPart(queries, part.keys, true), rule.softcap);
    const mask = hiding(asking, columns[i] as Columns, { window: rule.window, readers });
    return mask === null ? capped : capped.add<Tensor4D>(mask);
  });
  return besideEachOther(scores);
}

/** Functions that may look at, or replace, what attention makes on its way. */
export interface AttentionPoints {
  scores: (scores: Tensor4D) => Tensor4D;
  pattern: (pattern: Tensor4D) => Tensor4D;
}

const UNTOUCHED: AttentionPoints = { scores: (x) => x, pattern: (x) => x };

/** Attention of one group's rows, or of its last positions, over its fixed and its own keys. */
export function attend(
  projections: Projections,
  group: RowGroup,
  options: { rule: AttentionRule; points?: AttentionPoints },
): AttentionTrace {
  const { rule, points = UNTOUCHED } = options;
  const { dHead, qNorm, kNorm } = rule;
  const asking = lastPositions(group, projections.q);
  const q = turned(projections.q, asking, { dHead, weights: qNorm });
  const k = turned(projections.k, group, { dHead, weights: kNorm });
  const queries = byHead(q.turned, asking, rule);
  // Scaled once, for all products with them.
  const own = {
    keys: byHead(k.turned.mul(rule.scale), group, rule),
    values: byHead(projections.v, group, rule),
  };
  const scores = points.scores(attentionScores(queries, own, group, rule));
  const pattern = points.pattern(tf.softmax(scores));
  const z = weighValues(pattern, own, asking);
  return { queries, own, pattern, z, qNorm: q.trace, kNorm: k.trace, ...(rule.softcap === null ? {} : { scores }) };
}

/** z [rows, nHeads · dHead] of queries that are turned already [KV, C, G·S, D], on the group's fixed and its own keys. */
export function attendTurned(queries: Tensor4D, own: KeyValues, group: RowGroup, rule: AttentionRule): Tensor2D {
  return weighValues(tf.softmax(attentionScores(queries, own, group, rule)), own, group);
}

/** z [rows, nHeads · dHead] of a pattern [KV, C, G·S, all keys] over the group's fixed and its own values. */
export function weighValues(pattern: Tensor4D, own: KeyValues, group: RowGroup): Tensor2D {
  return toRows(weightedValues(pattern, [...group.fixed, own]), group);
}

/** Pattern [KV, C, rows, all keys] → the values it weighs, [KV, C, rows, D]. */
function weightedValues(pattern: Tensor4D, parts: readonly KeyValues[]): Tensor4D {
  const weighted = splitParts(pattern, parts).map((p, i) => timesPart(p, (parts[i] as KeyValues).values, false));
  return weighted.reduce((a, b) => a.add(b));
}
