// Streams a model's tensors from disk into one WeightStore: decode to float32, check, transpose.
// One chunk of a tensor is in memory beside the store, never a second copy. Not validation of headers: done before.

import type { PlannedWeight, StoredTensor } from '../families/family.ts';
import { asFileError } from '../sources/file-errors.ts';
import { decodeRows, rowsOf, TILE, transposeInto } from './decode-rows.ts';
import { readBytes, readBytesSync, withFile } from './read-bytes.ts';
import type { OpenFile, OpenSyncFile } from './read-bytes.ts';
import type { TensorEntries, TensorEntry } from './tensor-entry.ts';
import { allocateWeightStore, elementCount, weight } from './weight-store.ts';
import type { WeightStore } from './weight-store.ts';

export interface LoadOptions {
  /** Called with 0..1 after every chunk. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
}

/** Elements decoded at a time: 1 MiB of float32, so that a chunk stays in the second-level cache. */
const CHUNK_ELEMENTS = 2 ** 18;

/** Reads all planned weights. The plan was checked against `entries`. @throws TruncatedFileError, NonFiniteWeightError */
export async function loadWeights(
  plan: readonly PlannedWeight[],
  entries: TensorEntries,
  options: LoadOptions = {},
): Promise<WeightStore> {
  const store = allocateWeightStore(plan);
  const progressing = { step: progressOf(plan, options), scratch: new Scratch() };
  const tasks = plan.map((planned) => taskOf(planned, store, entries));
  for (const [file, ofFile] of Map.groupBy(tasks, (task) => task.entry.file)) {
    await withFile(file, async (opened) => {
      for (const task of ofFile) await loadTensor(opened, task, progressing);
    });
  }
  return store;
}

/** A tensor of a file and the place that its values go to. */
export interface LoadTask {
  entry: TensorEntry;
  stored: StoredTensor;
  values: Float32Array;
  transpose: boolean;
  /** As in PlannedWeight. */
  plus?: number;
}

interface Progressing {
  /** Called with the number of elements of each chunk done. */
  step: (elements: number) => void;
  scratch: Scratch;
}

/** Memory for one chunk, kept from tensor to tensor: fresh pages would cost more than the decoding. */
class Scratch {
  #bytes = new Uint8Array(0);
  #floats = new Float32Array(0);

  reserve(byteCount: number, floatCount: number): { bytes: Uint8Array; floats: Float32Array } {
    if (this.#bytes.length < byteCount) this.#bytes = new Uint8Array(byteCount);
    if (this.#floats.length < floatCount) this.#floats = new Float32Array(floatCount);
    return { bytes: this.#bytes, floats: this.#floats };
  }
}

/** What brings a planned weight to its place in the store. */
export function taskOf(
  { name, stored, transpose, plus }: PlannedWeight,
  store: WeightStore,
  entries: TensorEntries,
): LoadTask {
  return { entry: entries.get(stored.tensor)!, stored, values: weight(store, name).values, transpose, plus };
}

function progressOf(plan: readonly PlannedWeight[], { onProgress, signal }: LoadOptions): (elements: number) => void {
  const total = plan.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  let done = 0;
  return (elements) => {
    signal?.throwIfAborted();
    done += elements;
    onProgress?.(done / total);
  };
}

async function loadTensor(file: OpenFile, task: LoadTask, progressing: Progressing): Promise<void> {
  for (const { position, target, what } of readsOf(task, progressing)) await readBytes(file, position, target, what);
}

/** One planned weight into `values`, without a promise: for threads that wait for nothing else. */
export class WeightReader {
  readonly #progressing: Progressing;

  /** @param step called with the number of elements of each chunk done; what it throws ends the reading. */
  constructor(step: (elements: number) => void = () => undefined) {
    this.#progressing = { step, scratch: new Scratch() };
  }

  /** @throws UnreadableFileError, TruncatedFileError, NonFiniteWeightError */
  read(file: OpenSyncFile, task: LoadTask): void {
    try {
      for (const { position, target, what } of readsOf(task, this.#progressing))
        readBytesSync(file, position, target, what);
    } catch (error) {
      throw asFileError(error);
    }
  }
}

/** Bytes to be read before the next step. */
interface Read {
  position: number;
  target: Uint8Array;
  what: string;
}

/** Decodes a tensor chunk by chunk: yields what is to be read, and goes on when it has been. */
function* readsOf(task: LoadTask, { step, scratch }: Progressing): Generator<Read, void, void> {
  const { entry, stored } = task;
  const { start, count: rows, length, bytes: rowBytes } = rowsOf(stored, entry.type);
  const columns = stored.columns?.count ?? length;
  const chunkRows = Math.min(rows, rowsPerChunk(length, stored.interleavedHead ?? TILE));
  const { bytes, floats } = scratch.reserve(chunkRows * rowBytes, chunkRows * length);
  for (let row = 0; row < rows; row += chunkRows) {
    const count = Math.min(chunkRows, rows - row);
    const target = bytes.subarray(0, count * rowBytes);
    yield { position: entry.offset + (start + row) * rowBytes, target, what: `tensor "${entry.name}"` };
    const firstElement = (start + row) * length;
    const values = decodeRows(target, { ...task, firstElement }, floats.subarray(0, count * length));
    if (task.transpose) transposeInto(task.values, values, { rowLength: columns, columns: rows, firstColumn: row });
    else task.values.set(values, row * columns);
    step(values.length);
  }
}

/** A multiple of `unit` rows (a whole head, or a tile), about a chunk's size. */
function rowsPerChunk(rowLength: number, unit: number): number {
  return Math.max(1, Math.floor(CHUNK_ELEMENTS / (rowLength * unit))) * unit;
}
