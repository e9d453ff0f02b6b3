/**
 * What a shard asks of the engine, counted before it runs: rows through blocks, products beside them, and the most memory
 * that they hold at a time. Counts are the methods' own plans; bytes are sums over what the methods keep, with measured
 * factors for what a block makes on its way. No tensors, and no seconds: those are seconds.ts's.
 */
import { tapeBytes, type ModelConfig } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';

/** The model as one worker has it: what plans depend on. A `Transformer` is one. */
export interface PlannedModel {
  config: ModelConfig;
  /** What one worker's activations may take. */
  activationBytes: number;
  tapeBudgetBytes: number;
}

/** With all pairs of the data set. */
export interface PlannedRun extends PlannedModel {
  pairs: readonly ResolvedPair[];
}

/** Rows that go through blocks in one direction. */
export interface BlockWork {
  /** How often a block runs. */
  calls: number;
  /** Token-layers: rows that enter blocks. */
  rows: number;
  /** Of these, such as only keys and values are computed of: a last block that gives the last position alone. */
  keyRows: number;
  /** Σ over rows of the keys that each is scored against. */
  rowKeys: number;
}

/** Rows of one pass that see as many keys. */
export interface Rows {
  rows: number;
  keys: number;
}

/** How a block runs: for its output alone, keeping what it makes, or backwards. */
export type BlockRun = 'pass' | 'trace' | 'backward';

interface BlockOptions {
  /** Blocks that it goes through; 1 unless said. */
  layers?: number;
  /** Rows that the last of these blocks gives, where those are fewer. */
  lastRows?: number | undefined;
  /** Row groups of the pass, each of which attends by operations of its own; as many as are given unless said. */
  groups?: number;
}

export class WorkCount {
  readonly forward: BlockWork = { calls: 0, rows: 0, keyRows: 0, rowKeys: 0 };
  readonly backward: BlockWork = { calls: 0, rows: 0, keyRows: 0, rowKeys: 0 };
  /** Floating-point operations of products beside the blocks. */
  flops = 0;
  /** Operations beside those of a block with one row group: each takes a while, however small. */
  operations = 0;
  /** Numbers that operations beside products go over. */
  floats = 0;
  /** How often all logits of some rows are made: each time the unembedding is gone through. */
  unembeddings = 0;
  /** The most bytes that are held at a time. */
  peakBytes = 0;
  readonly #config: ModelConfig;
  #heldBytes = 0;

  constructor(config: ModelConfig) {
    this.#config = config;
  }

  /** Rows through `layers` blocks, all of them through one before the next. */
  blocks(run: BlockRun, groups: readonly Rows[], { layers = 1, lastRows, groups: parts }: BlockOptions = {}): void {
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    if (rows === 0 || layers === 0) return;
    const rowKeys = groups.reduce((sum, group) => sum + group.rows * group.keys, 0);
    const keyRows = lastRows === undefined ? 0 : rows - lastRows;
    const work = run === 'backward' ? this.backward : this.forward;
    const attending = parts ?? groups.filter((group) => group.rows > 0).length;
    this.operations += layers * (attending - 1) * ATTENTION_OPERATIONS;
    work.calls += layers;
    work.rows += layers * rows;
    work.keyRows += keyRows;
    work.rowKeys += layers * rowKeys - keyRows * (rowKeys / rows);
    this.needs(blockBytes(this.#config, run, { rows, keys: rowKeys / rows }));
  }

  /** A product of [rows, inner] and [inner, columns], made `times` times. */
  product(rows: number, inner: number, columns: number, times = 1): void {
    this.flops += 2 * rows * inner * columns * times;
  }

  /** Operations on so many numbers in all. */
  elementwise(operations: number, floats: number): void {
    this.operations += operations;
    this.floats += floats;
  }

  /** Logits of the whole vocabulary for some rows. */
  unembed(rows: number): void {
    const { dModel, dVocab } = this.#config;
    this.unembeddings++;
    this.product(rows, dModel, dVocab);
  }

  /** The second half of a block alone. */
  mlp(rows: number): void {
    const { dModel, dMlp, mlp } = this.#config;
    this.product(rows, dModel, dMlp, mlp.gated ? 3 : 2);
    this.needs(4 * (rows * 4 * dModel + Math.min(rows, MLP_ROWS) * 4 * dMlp));
  }

  /** Bytes that stay until they are released. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.needs(0);
  }

  /** Runs `work`; what it holds is released after. */
  scope(work: () => void): void {
    const before = this.#heldBytes;
    work();
    this.#heldBytes = before;
  }

  /** Bytes beside those that are held, for a moment. */
  needs(bytes: number): void {
    this.peakBytes = Math.max(this.peakBytes, this.#heldBytes + bytes);
  }

  /** Other work, one after the other. */
  add(other: WorkCount): void {
    for (const direction of ['forward', 'backward'] as const)
      for (const what of ['calls', 'rows', 'keyRows', 'rowKeys'] as const)
        this[direction][what] += other[direction][what];
    this.flops += other.flops;
    this.operations += other.operations;
    this.floats += other.floats;
    this.unembeddings += other.unembeddings;
    this.needs(other.peakBytes);
  }
}

/** Operations of one row group's attention, about: its slices, rotations, products, mask and softmax. */
const ATTENTION_OPERATIONS = 40;

/** Rows of the MLP at a time, as block.ts has it. */
const MLP_ROWS = 2048;

/** What a block makes on its way, before it ends. */
function blockBytes(config: ModelConfig, run: BlockRun, { rows, keys }: Rows): number {
  const { dModel, dMlp, dHead, nHeads, nKvHeads, postNorms } = config;
  if (run === 'backward') return 3 * tapeBytes(config, rows, keys);
  const attention = 6 * nHeads * dHead + 8 * nKvHeads * dHead + 4 * nHeads * keys;
  const trace = (postNorms ? 13 : 9) * dModel + attention + 4 * dMlp;
  if (run === 'trace') return 4 * rows * trace;
  return 4 * (rows * (4 * dModel + attention) + Math.min(rows, MLP_ROWS) * 4 * dMlp);
}

/** Multiply-adds of a row in a block's weights, in floating-point operations; and of these, those of keys and values. */
export function blockFlops({ dModel, dHead, nHeads, nKvHeads, dMlp, mlp }: ModelConfig): { all: number; keys: number } {
  const keys = 2 * dModel * 2 * nKvHeads * dHead;
  const queries = 2 * dModel * 2 * nHeads * dHead;
  return { all: keys + queries + 2 * dModel * dMlp * (mlp.gated ? 3 : 2), keys };
}
