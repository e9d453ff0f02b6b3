/**
 * How what the senders of circuits' runs write differs from what they write ablated, and what receivers read of it. A
 * receiver's input is the ablated residual stream and the changes of the senders that it keeps: a product of its row of the
 * mask with them, of all of a circuit's receivers in a layer together.
 *
 * Where there is a norm after attention, a head's change is in what that norm reads. A layer's heads then change the stream
 * by what the norm makes of the kept ones running and the others ablated: no sum, but all kept give the running stream, none
 * the ablated one, and one left out of the clean run what exact edge patching gives.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { addedByAttention } from '@demur/model/engine';
import type { Block } from '@demur/model/engine';
import type { Read } from './circuit-plan.ts';

/** What a receiver of one of the circuits reads. */
export interface CellRead {
  cell: number;
  read: Read;
}

/** A sender of one of the circuits. */
export interface CellSender {
  cell: number;
  sender: number;
}

/** Of heads before a post-norm: its weights, and what it reads ablated, [1, rows · dModel]. */
export interface AttentionSum {
  norm: Pick<Block, 'ln1Post'>;
  ablated: Tensor2D;
}

/** Changes of some senders of a circuit, or of the clean run. */
interface Segment {
  /** By sender, its row. */
  rows: Map<number, number>;
  /** [senders, rows · dModel] */
  change: Tensor2D;
  /** Of heads before a post-norm, and what that reads as they run. */
  attention?: AttentionSum & { running: Tensor2D };
}

/** The changes of the circuits of a pass. Sizes of tensors are of all rows together, rows · dModel. Holds tensors: `dispose`. */
export class SenderChanges {
  readonly #dModel: number;
  readonly #needed: readonly ReadonlySet<number>[];
  /** Of the layers that all circuits run clean. */
  readonly #shared: Segment[] = [];
  /** By circuit, of the others. */
  readonly #own: Segment[][];
  /** What all senders of a circuit change together, [circuits, rows · dModel]. */
  #stream: Tensor2D;

  /**
   * @param needed by circuit, the senders that a later receiver reads apart.
   * @param stream the change of the residual stream where the pass starts, [1, rows · dModel].
   */
  constructor(needed: readonly ReadonlySet<number>[], { stream, dModel }: { stream: Tensor2D; dModel: number }) {
    this.#needed = needed;
    this.#dModel = dModel;
    this.#own = needed.map(() => []);
    this.#stream = tf.keep(stream.tile([needed.length, 1]));
  }

  dispose(): void {
    this.#stream.dispose();
    for (const segment of [...this.#shared, ...this.#own.flat()]) disposeSegment(segment);
  }

  /** Whether a receiver of any circuit reads one of these senders apart. */
  isNeeded(sender: number): boolean {
    return this.#needed.some((of) => of.has(sender));
  }

  /** Takes what senders of the clean run change, which the stream has already: [senders, rows · dModel]. */
  share(senders: readonly number[], changes: Tensor2D, attention?: AttentionSum): void {
    const kept = senders.flatMap((sender, row) => (this.isNeeded(sender) ? [row] : []));
    tf.tidy(() => append(this.#shared, segmentOf(senders, kept, { changes, attention })));
  }

  /** The same of what another pass's one circuit changes, of senders up to a place. */
  shareFrom(base: SenderChanges, before: number): void {
    for (const { rows, change, attention } of [...base.#shared, ...base.#own[0]!]) {
      const senders = [...rows.keys()];
      const kept = senders.flatMap((sender, row) => (sender < before && this.isNeeded(sender) ? [row] : []));
      tf.tidy(() => append(this.#shared, segmentOf(senders, kept, { changes: change, attention })));
    }
  }

  /** What all senders so far change together, [circuits, rows · dModel]; it lives until the next ones are added. */
  get stream(): Tensor2D {
    return this.#stream;
  }

  /** Takes what senders of circuits' runs change: [senders, rows · dModel], circuit by circuit. */
  add(senders: readonly CellSender[], changes: Tensor2D, attention?: AttentionSum): void {
    const before = this.#stream;
    this.#stream = tf.tidy(() => {
      const parts = this.#needed.map((needed, cell) => {
        const rows = senders.flatMap((of, row) => (of.cell === cell ? [row] : []));
        if (rows.length === 0) return tf.zeros<tf.Rank.R2>([1, before.shape[1]]);
        const own = changes.slice<Tensor2D>([rows[0]!, 0], [rows.length, before.shape[1]]);
        const names = rows.map((row) => senders[row]!.sender);
        const kept = names.flatMap((sender, row) => (needed.has(sender) ? [row] : []));
        append(this.#own[cell]!, segmentOf(names, kept, { changes: own, attention }));
        return this.#together(own, attention);
      });
      return tf.keep(before.add<Tensor2D>(tf.concat2d(parts, 0)));
    });
    before.dispose();
  }

  /** How senders [senders, rows · dModel] of one circuit change the residual stream together, [1, rows · dModel]. */
  #together(changes: Tensor2D, attention: AttentionSum | undefined): Tensor2D {
    const sum: Tensor2D = changes.sum(0, true);
    return attention === undefined ? sum : this.#throughNorm(attention, attention.ablated, sum);
  }

  /** What the post-norm adds otherwise when what it reads changes: [n, rows · dModel]. */
  #throughNorm({ norm }: AttentionSum, from: Tensor2D, change: Tensor2D): Tensor2D {
    const through = (x: Tensor2D): Tensor2D =>
      addedByAttention(norm, x.reshape<Tensor2D>([-1, this.#dModel])).reshape(x.shape);
    return through(from.add(change)).sub(through(from));
  }

  /** How receivers' inputs differ from the ablated residual stream: [reads, rows · dModel]; reads are circuit by circuit. */
  received(reads: readonly CellRead[]): Tensor2D {
    return tf.tidy(() => {
      const running = reads.flatMap(({ cell, read }, row) => (read.from === 'running' ? [[row, cell] as const] : []));
      const shared = this.#shared.map((segment) => this.#product(segment, reads));
      const parts = [product(running, reads.length, this.#stream), ...shared, this.#ownProducts(reads)];
      return sumOf(parts) ?? tf.zeros([reads.length, this.#stream.shape[1]]);
    });
  }

  /** What reads have of their own circuit's segments, [reads, rows · dModel]; null if that is nothing. */
  #ownProducts(reads: readonly CellRead[]): Tensor2D | null {
    const parts = [...Map.groupBy(reads, ({ cell }) => cell)].map(([cell, ofCell]) => {
      const sum = sumOf(this.#own[cell]!.map((segment) => this.#product(segment, ofCell)));
      return { sum, count: ofCell.length };
    });
    if (parts.every(({ sum }) => sum === null)) return null;
    return tf.concat2d(
      parts.map(({ sum, count }) => sum ?? tf.zeros([count, this.#stream.shape[1]])),
      0,
    );
  }

  /** What reads have of a segment, added or taken away; null if that is nothing. */
  #product({ rows, change, attention }: Segment, reads: readonly CellRead[]): Tensor2D | null {
    const entries = reads.flatMap(({ read: { from, except } }, at) =>
      except.flatMap((sender) => {
        const row = rows.get(sender);
        return row === undefined ? [] : [[at, row, from === 'running' ? -1 : 1] as const];
      }),
    );
    const sum = product(entries, reads.length, change);
    if (sum === null || attention === undefined) return sum;
    const isRunning = tf.tensor2d(reads.map(({ read }) => [read.from === 'running' ? 1 : 0]));
    const from = attention.ablated.add<Tensor2D>(isRunning.mul(attention.running.sub(attention.ablated)));
    return this.#throughNorm(attention, from, sum);
  }
}

/** [row, column, value = 1] of a matrix that is zero elsewhere. */
type Entry = readonly [number, number, number?];

/** Rows that a product leaves out are worth finding where these are at least as many times as those that it needs. */
const SPARSE = 2;

/** A matrix of `count` rows times rows x [columns, width], without those that it has no entry for; null of no entries. */
function product(entries: readonly Entry[], count: number, x: Tensor2D): Tensor2D | null {
  if (entries.length === 0) return null;
  const used = [...new Set(entries.map(([, column]) => column))];
  if (x.shape[0] < SPARSE * used.length) return tf.matMul<Tensor2D>(matrix(entries, [count, x.shape[0]]), x);
  const places = new Map(used.map((column, i) => [column, i]));
  const own = entries.map(([row, column, value]): Entry => [row, places.get(column)!, value]);
  return tf.matMul<Tensor2D>(matrix(own, [count, used.length]), tf.gather(x, used));
}

function matrix(entries: readonly Entry[], shape: [number, number]): Tensor2D {
  const values = new Float32Array(shape[0] * shape[1]);
  for (const [row, column, value = 1] of entries) values[row * shape[1] + column] = value;
  return tf.tensor2d(values, shape);
}

/** Null of nothing. */
function sumOf(parts: readonly (Tensor2D | null)[]): Tensor2D | null {
  return parts.reduce((sum, part) => (sum && part ? sum.add<Tensor2D>(part) : (sum ?? part)), null);
}

/** Some rows of senders' changes; null of none. */
function segmentOf(
  senders: readonly number[],
  kept: readonly number[],
  { changes, attention }: { changes: Tensor2D; attention: AttentionSum | undefined },
): Segment | null {
  if (kept.length === 0) return null;
  const rows = new Map(kept.map((row, i) => [senders[row]!, i]));
  const change: Tensor2D = kept.length === senders.length ? changes.clone() : tf.gather(changes, [...kept]);
  if (attention === undefined) return { rows, change };
  const { norm, ablated } = attention;
  return { rows, change, attention: { norm, ablated: ablated.clone(), running: ablated.add(changes.sum(0, true)) } };
}

/**
 * Adds a segment to a list and keeps its tensors. Plain ones are joined while the last is not smaller than the one before, so
 * that products are few and large, and each row is copied a few times at most.
 */
function append(segments: Segment[], segment: Segment | null): void {
  if (segment === null) return;
  let joined = segment;
  for (let last = segments.at(-1); canJoin(last, joined); last = segments.at(-1)) {
    const { rows, change } = last;
    const own = [...joined.rows].map(([sender, row]): [number, number] => [sender, row + rows.size]);
    joined = { rows: new Map([...rows, ...own]), change: tf.concat2d([change, joined.change], 0) };
    disposeSegment(last);
    segments.pop();
  }
  for (const tensor of tensorsOf(joined)) tf.keep(tensor);
  segments.push(joined);
}

function canJoin(last: Segment | undefined, next: Segment): last is Segment {
  if (last === undefined || last.attention !== undefined || next.attention !== undefined) return false;
  return last.rows.size <= next.rows.size;
}

function disposeSegment(segment: Segment): void {
  tf.dispose(tensorsOf(segment));
}

/** The norm's weights belong to the runs. */
function tensorsOf({ change, attention }: Segment): Tensor2D[] {
  return [change, ...(attention ? [attention.ablated, attention.running] : [])];
}
