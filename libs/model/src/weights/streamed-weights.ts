// A model's weights on disk: blocks pass through slots of memory, matrices outside them are read row by row, and only
// what is small stays.

import type { PlannedWeight } from '../families/family.ts';
import { BlockStream } from './block-stream.ts';
import { taskOf, WeightReader } from './load-weights.ts';
import { ModelFiles } from './model-files.ts';
import type { ModelWeights, RowChunk, WeightValues } from './model-weights.ts';
import { isOfBlock, isTable, unembeddingName } from './residency.ts';
import { copyRows } from './resident-weights.ts';
import type { StreamRecipe } from './stream-recipe.ts';
import { allocateWeightStore, hasWeight, UnknownWeightError, weight } from './weight-store.ts';
import type { WeightStore } from './weight-store.ts';

/** Bytes of a matrix outside the blocks, as float32, that are in memory at a time. */
const CHUNK_BYTES = 32 * 2 ** 20;

export class StreamedWeights implements ModelWeights {
  readonly isResident = false;
  readonly #recipe: StreamRecipe;
  readonly #files = new ModelFiles();
  readonly #reader = new WeightReader();
  /** What stays: the small weights, and the unembedding where the budget has room for it. */
  readonly #kept: WeightStore;
  /** Matrices that are read row by row, by name. */
  readonly #tables: Map<string, PlannedWeight>;
  readonly #blocks: BlockStream;
  #readMs = 0;

  /** Opens the files, and reads what stays. @throws UnreadableFileError, TruncatedFileError, NonFiniteWeightError */
  constructor(recipe: StreamRecipe) {
    this.#recipe = recipe;
    const outside = recipe.plan.filter((planned) => !isOfBlock(planned));
    const keptTable = recipe.residency.keepsUnembedding ? unembeddingName(recipe.plan) : null;
    const stays = (planned: PlannedWeight): boolean => !isTable(planned) || planned.name === keptTable;
    this.#tables = new Map(outside.filter((planned) => !stays(planned)).map((planned) => [planned.name, planned]));
    try {
      this.#kept = this.#keep(outside.filter(stays));
    } catch (error) {
      this.#files.close();
      throw error;
    }
    this.#blocks = new BlockStream(recipe);
  }

  get diskSeconds(): number {
    return this.#blocks.waitedSeconds + this.#readMs / 1000;
  }

  has(name: string): boolean {
    return this.#recipe.plan.some((planned) => planned.name === name);
  }

  values(name: string): WeightValues {
    return weight(this.#kept, name);
  }

  rows(name: string, rows: readonly number[]): Float32Array {
    if (hasWeight(this.#kept, name)) return copyRows(this.values(name), rows);
    const table = this.#table(name);
    const width = table.shape[1]!;
    const copied = new Float32Array(rows.length * width);
    const places = Map.groupBy(rows.keys(), (i) => rows[i]!);
    for (const [row, [first, ...others]] of places) {
      this.#readRows(table, row, copied.subarray(first! * width, (first! + 1) * width));
      for (const place of others) copied.copyWithin(place * width, first! * width, (first! + 1) * width);
    }
    return copied;
  }

  *chunks(name: string): Generator<RowChunk> {
    if (hasWeight(this.#kept, name)) {
      const { values, shape } = this.values(name);
      yield { values, rows: shape[0]! };
      return;
    }
    const table = this.#table(name);
    const [rows, width] = table.shape as [number, number];
    const most = Math.min(rows, Math.max(1, Math.floor(CHUNK_BYTES / (4 * width))));
    const { values } = weight(allocateWeightStore([{ name, shape: [most, width] }]), name);
    for (let row = 0; row < rows; row += most) {
      const count = Math.min(most, rows - row);
      const chunk = values.subarray(0, count * width);
      this.#readRows(table, row, chunk);
      yield { values: chunk, rows: count };
    }
  }

  withBlock<T>(layer: number, ahead: number, work: (weightOf: (name: string) => WeightValues) => T): T {
    return this.#blocks.withBlock(layer, ahead, (block) => work((name) => weight(block, name)));
  }

  close(): void {
    this.#blocks.close();
    this.#files.close();
  }

  #keep(planned: readonly PlannedWeight[]): WeightStore {
    const store = allocateWeightStore(planned);
    for (const part of planned) {
      const task = taskOf(part, store, this.#recipe.entries);
      this.#reader.read(this.#files.open(task.entry.file), task);
    }
    return store;
  }

  #table(name: string): PlannedWeight {
    const table = this.#tables.get(name);
    if (table === undefined) throw new UnknownWeightError(this.#kept, name);
    return table;
  }

  /** Reads as many rows from `first` on as `values` takes. */
  #readRows({ stored, plus }: PlannedWeight, first: number, values: Float32Array): void {
    const start = performance.now();
    const entry = this.#recipe.entries.get(stored.tensor)!;
    const rows = { start: (stored.rows?.start ?? 0) + first, count: values.length / stored.shape[1]! };
    const task = { entry, stored: { ...stored, rows }, values, transpose: false, plus };
    this.#reader.read(this.#files.open(entry.file), task);
    this.#readMs += performance.now() - start;
  }
}
