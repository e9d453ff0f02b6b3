/** What of a block's tensors the cells of a position set have, or read: its pairs, at some positions. */
import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { KeyValues } from '@demur/model/engine';
import type { BaseRuns } from './base-runs.ts';
import type { PositionSet, Stretch } from './cells.ts';

/** A block's rows x [S · pairs, width] of a set's pairs at a stretch of positions: [positions, pairs', width]. */
export function setRows(
  x: Tensor2D,
  set: PositionSet,
  { stretch, base }: { stretch: Stretch; base: BaseRuns },
): Tensor3D {
  const { positions, cells } = base.group;
  return x
    .reshape<Tensor3D>([positions, cells, x.shape[1]])
    .slice<Tensor3D>([stretch.from, 0, 0], [stretch.to - stretch.from, set.pairs, x.shape[1]]);
}

/** Keys, values or the like [KV, pairs, positions, dHead] of a set's pairs at positions `from` to one before `to`. */
export function setKeys(x: Tensor4D, set: PositionSet, { from, to }: Omit<Stretch, 'isPatched'>): Tensor4D {
  const [kv, , , dHead] = x.shape;
  return x.slice([0, 0, from, 0], [kv, set.pairs, to - from, dHead]);
}

/** Keys and values that a set's cells read but do not compute: the prefix's, and the destination's before `from`. */
export function fixedOf(base: BaseRuns, layer: number, set: PositionSet): KeyValues[] {
  const { prefix, keyValues } = base.layers[layer] as BaseRuns['layers'][number];
  const first = ({ keys, values }: KeyValues, to: number): KeyValues => ({
    keys: setKeys(keys, set, { from: 0, to }),
    values: setKeys(values, set, { from: 0, to }),
  });
  const fixed: KeyValues[] = [];
  if (prefix) {
    const [, cells, length] = prefix.keys.shape;
    fixed.push(cells === 1 ? prefix : first(prefix, length));
  }
  if (set.from > 0) fixed.push(first(keyValues, set.from));
  return fixed;
}
