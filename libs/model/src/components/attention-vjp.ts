/** The vector-Jacobian product of attention.ts: letters of shapes are attention-layout.ts's. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { besideEachOther, byHead, lastPositions, splitParts, timesPart } from './attention-layout.ts';
import type { AttentionRule, AttentionTape } from './attention.ts';
import { normVjp } from './norm.ts';
import type { NormTape, NormWeights } from './norm.ts';
import { rotate } from './rotary.ts';
import type { KeyValues, RowGroup } from './row-groups.ts';
import { softcapVjp } from './softcap.ts';

/** Gradients within one group's attention. */
export interface AttentionGradients {
  /**
   * At the projections, before norm and rotation: [S, C, KV, G, D], rows as in the pass. Those of k and v are what each
   * query head sends to its key/value head, or with G = 1 their sum.
   */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  /** At the scores after cap and mask, and at the pattern, [KV, C, G·S, all keys]. */
  scores: Tensor4D;
  pattern: Tensor4D;
}

/** Undoes the rotation and the norm of gradients [KV, C, G, S, D] and gives them as [S, C, KV, G, D]. */
function turnedBack(
  x: Tensor,
  group: RowGroup,
  { weights, tape }: { weights: NormWeights | undefined; tape: NormTape<Tensor3D> | undefined },
): Tensor {
  const [kv, cells, perKvHead, positions, dHead] = x.shape as [number, number, number, number, number];
  const byPosition = x.transpose([3, 1, 0, 2, 4]).reshape<Tensor3D>([positions, cells * kv * perKvHead, dHead]);
  const heads = rotate(byPosition, group.rotations, true);
  const shape = [positions, cells, kv, perKvHead, dHead];
  if (weights === undefined || tape === undefined) return heads.reshape(shape);
  // A key head's norm is that of all query heads that read it. Three axes, since WebGPU spreads vectors over four at most.
  const readers = (of: Tensor3D): Tensor => of.reshape([positions * cells * kv, -1, of.shape[2]]);
  return normVjp(weights, { unit: readers(tape.unit), scale: readers(tape.scale) }, readers(heads)).reshape(shape);
}

/**
 * dz [rows, H·D], of all positions or the last ones → gradients at the group's projections. Fixed keys and values are
 * constants.
 * @param options.perQueryHead whether gradients of keys and values are told apart by the query heads that read them.
 */
export function attendVjp(
  dz: Tensor2D,
  tape: AttentionTape,
  group: RowGroup,
  { rule, perQueryHead }: { rule: AttentionRule; perQueryHead: boolean },
): AttentionGradients {
  const { nHeads, nKvHeads, qNorm, kNorm } = rule;
  const { queries, own, pattern } = tape;
  const perKvHead = nHeads / nKvHeads;
  const asking = lastPositions(group, dz);
  const dOut = byHead(dz, asking, rule);
  const parts = [...group.fixed, own];
  const dPattern = besideEachOther(parts.map((part) => timesPart(dOut, part.values, true)));
  const weighted: Tensor4D = dPattern.mul(pattern);
  const dScores: Tensor4D = weighted.sub(pattern.mul(weighted.sum(-1, true)));
  const uncapped = tape.scores ? softcapVjp(tape.scores, dScores, rule.softcap) : dScores;
  const dScoreParts = splitParts(uncapped, parts);
  const dQueries = dScoreParts
    .map((d, i) => timesPart(d, (parts[i] as KeyValues).keys, false))
    .reduce((a, b) => a.add(b));
  const apart = (x: Tensor4D, readers: number): Tensor => x.reshape([nKvHeads, group.cells, readers, -1, x.shape[3]]);
  // What a key or a value head hears, summed over the positions of each reader: of one query head, or of all of them.
  const heard = (from: Tensor4D, of: Tensor4D): Tensor => {
    const readers = perQueryHead ? perKvHead : 1;
    return tf.matMul(apart(from, readers), apart(of, readers), true, false);
  };
  const dKeys = heard(dScoreParts.at(-1) as Tensor4D, queries).mul(rule.scale);
  const dValues = heard(splitParts(pattern, parts).at(-1) as Tensor4D, dOut);
  return {
    q: turnedBack(apart(dQueries, perKvHead), asking, { weights: qNorm, tape: tape.qNorm }),
    k: turnedBack(dKeys, group, { weights: kNorm, tape: tape.kNorm }),
    v: dValues.transpose([3, 1, 0, 2, 4]),
    scores: dScores,
    pattern: dPattern,
  };
}
