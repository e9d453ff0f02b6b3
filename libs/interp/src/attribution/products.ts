/**
 * From senders and receivers to scores: products of the senders' differences with the receivers of a few layers at a time,
 * as one for all rows, or apart by pair or by position. Senders that come after those layers take no part: half of the
 * matrix are no edges.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Readings } from '../readings.ts';

/** What of a block's scores is told apart: nothing, its pairs, or its suffix positions. */
export type Parts = 'whole' | 'pair' | 'position';

/** Takes scores: of part `part`, [first senders, width] row-major, the receivers from `first` on. They are lent: copy or add. */
export type UseScores = (scores: Float32Array, at: { part: number; first: number; width: number }) => void;

export interface ScoreUse {
  parts: Parts;
  use: UseScores;
}

/** Rows of senders and receivers lie position-major: [positions, pairs, dModel]. */
export interface RowShape {
  positions: number;
  pairs: number;
}

/** Receivers scored in one product: enough of them that the product runs at full speed. */
const RECEIVERS_PER_PRODUCT = 64;

/** x [nodes, positions · pairs · dModel] by parts: [parts, nodes, the rest]. */
function byParts(x: Tensor2D, parts: Parts, { positions, pairs }: RowShape): Tensor3D {
  const [nodes, size] = x.shape;
  const width = size / (positions * pairs);
  if (parts === 'whole') return x.expandDims(0);
  if (parts === 'position') return x.reshape([nodes, positions, pairs * width]).transpose([1, 0, 2]);
  return x
    .reshape([nodes, positions, pairs, width])
    .transpose([2, 0, 1, 3])
    .reshape([pairs, nodes, positions * width]);
}

/** The first `count` senders of x [parts, senders, the rest]; a view of one part, which has its senders outermost. */
function firstSenders(x: Tensor3D, count: number): Tensor3D {
  const [parts, senders, width] = x.shape;
  if (count === senders) return x;
  if (parts > 1) return x.slice([0, 0, 0], [parts, count, width]);
  return x.reshape<Tensor2D>([senders, width]).slice([0, 0], [count, width]).expandDims(0);
}

/** Receivers next to each other: their gradients, [receivers, positions · pairs · dModel] in parts that lie in order. */
interface ScoredReceivers {
  parts: readonly Tensor2D[];
  /** Senders that come before the last of them, as a count: later ones are no edges to any of them. */
  senders: number;
}

/**
 * Collects receivers until there are enough for one product, and hands on the scores.
 * @param senders [senders, positions · pairs · dModel]; taken over.
 * @param columns receivers in all.
 */
export function scoreProducts(
  senders: Tensor2D,
  columns: number,
  { uses, rows, readings }: { uses: readonly ScoreUse[]; rows: RowShape; readings: Readings },
) {
  const arranged = uses.map(({ parts }) => byParts(senders, parts, rows));
  senders.dispose();
  let waiting: Tensor2D[] = [];
  let lastColumn = columns;
  let before = 0;
  const read = ({ parts, use }: ScoreUse, from: Tensor3D, { all, first }: { all: Tensor2D; first: number }): void => {
    const product = tf.tidy(() =>
      tf.matMul<Tensor3D>(firstSenders(from, before), byParts(all, parts, rows), false, true),
    );
    const [count, nodes, width] = product.shape;
    readings.read(product, (values) => {
      for (let part = 0; part < count; part++)
        use(values.subarray(part * nodes * width, (part + 1) * nodes * width), { part, first, width });
    });
    product.dispose();
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const all = waiting.length === 1 ? (waiting[0] as Tensor2D).clone() : tf.concat2d(waiting, 0);
    lastColumn -= all.shape[0];
    for (const [i, use] of uses.entries()) read(use, arranged[i] as Tensor3D, { all, first: lastColumn });
    tf.dispose([all, ...waiting]);
    waiting = [];
    before = 0;
  };
  /** Receivers arrive from the last to the first; takes ownership of the tensors. */
  const add = ({ parts, senders: count }: ScoredReceivers): void => {
    waiting.unshift(...parts);
    before = Math.max(before, count);
    if (waiting.reduce((sum, x) => sum + x.shape[0], 0) >= RECEIVERS_PER_PRODUCT) flush();
  };
  /** The next receivers end before this column: those in between get no scores. */
  const moveTo = (column: number): void => {
    flush();
    lastColumn = column;
  };
  return { add, flush, moveTo };
}
