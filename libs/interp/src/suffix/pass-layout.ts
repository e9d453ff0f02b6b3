/**
 * Where a pass over a block of pairs has its rows: the prefix, the clean and the corrupted suffixes, and runs between the
 * two. A side that the path has as its point is no run of its own.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { sliceGroup } from '@demur/model/engine';
import type { RowGroup, Transformer } from '@demur/model/engine';
import { suffixLength } from './pair-block.ts';
import type { PairBlock } from './pair-block.ts';
import type { Side } from './pair-runs.ts';

/** A side's share of the clean embedding. */
const SHARE: Record<Side, number> = { corrupted: 0, clean: 1 };

/** Groups in order: prefix (if any), the sides that are no point of the path, the path (if any). */
export class PassLayout {
  readonly groups: RowGroup[];
  readonly #offPath: Side[];
  readonly #path: readonly number[];
  /** Groups before the sides: the prefix, or none. */
  readonly #first: 0 | 1;

  constructor(model: Transformer, block: PairBlock, path: readonly number[]) {
    const { prefixLength: start, length } = block;
    const suffix = model.group({ cells: 0, start, positions: suffixLength(block), length });
    const reads = start > 0 ? { reads: [0] } : {};
    const cellsOf = (cells: number): RowGroup => ({ ...suffix, ...reads, cells });
    this.#first = start > 0 ? 1 : 0;
    this.#path = path;
    this.#offPath = (['clean', 'corrupted'] as const).filter((side) => !path.includes(SHARE[side]));
    const count = block.pairs.length;
    this.groups = [
      ...(start > 0 ? [model.group({ cells: block.prefixes.length, start: 0, positions: start, length })] : []),
      ...this.#offPath.map(() => cellsOf(count)),
      ...(path.length > 0 ? [cellsOf(count * path.length)] : []),
    ];
  }

  /** What enters the first block, group by group. */
  embed(model: Transformer, block: PairBlock): Tensor2D {
    const suffix = (side: Side): Tensor2D =>
      model.embed(block.pairs.map(({ pair }) => pair[side].slice(block.prefixLength)));
    const embedded = [
      ...(this.#first === 1 ? [model.embed(block.prefixes)] : []),
      ...this.#offPath.map(suffix),
      ...(this.#path.length > 0 ? [this.#between(suffix('corrupted'), suffix('clean'))] : []),
    ];
    return tf.concat(
      embedded.map((rows, i) => model.withPositions(rows, this.groups[i] as RowGroup)),
      0,
    );
  }

  /** Embeddings at the path's points, [S · pairs · points, dModel]; exactly a side's at its end. */
  #between(corrupted: Tensor2D, clean: Tensor2D): Tensor2D {
    const shares = tf.tensor(this.#path as number[], [1, this.#path.length, 1]);
    const part = (of: Tensor2D, share: Tensor): Tensor => of.expandDims(1).mul(share);
    return part(corrupted, tf.sub(1, shares)).add(part(clean, shares)).reshape([-1, clean.shape[1]]);
  }

  rows(x: Tensor2D, side: Side): Tensor2D {
    const at = this.#offPath.indexOf(side);
    if (at >= 0) return sliceGroup(x, this.groups, this.#first + at);
    const points = this.#path.length;
    const rows = this.pathRows(x);
    if (points === 1) return rows;
    const [count, width] = [rows.shape[0] / points, x.shape[1]];
    return rows
      .reshape<Tensor3D>([count, points, width])
      .slice([0, this.#path.indexOf(SHARE[side]), 0], [count, 1, width])
      .reshape([count, width]);
  }

  pathRows(x: Tensor2D): Tensor2D {
    return sliceGroup(x, this.groups, this.pathGroup);
  }

  get pathGroup(): number {
    return this.#path.length > 0 ? this.groups.length - 1 : -1;
  }

  /** The group of a side alone. */
  groupOf(side: Side): number {
    const at = this.#offPath.indexOf(side);
    if (at < 0) throw new RangeError(`the ${side} run is a point of the path, not a group of its own`);
    return this.#first + at;
  }

  get hasPrefix(): boolean {
    return this.#first === 1;
  }
}
