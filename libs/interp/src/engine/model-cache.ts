/**
 * The models that the engine host holds: each loaded once, the least recently used dropped beyond a byte budget. Of a
 * streamed model it holds what threads need to open it; its slots are theirs.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource } from '@demur/model';
import type { ModelRef, SharedModel } from './protocol.ts';

type LoadListener = (fraction: number) => void;

interface Entry {
  model: Promise<SharedModel>;
  /** Of the weights in memory. */
  bytes: number;
  isLoaded: boolean;
  isSample: boolean;
  /** Runs that hold the model now. */
  users: number;
  listeners: Set<LoadListener>;
}

/** A model that stays loaded until `release` is called. */
export interface ModelLease {
  model: SharedModel;
  /** Seconds of waiting for weights; 0 where they were loaded already. */
  loadSeconds: number;
  release(): void;
}

export class ModelCache {
  readonly #entries = new Map<string, Entry>();
  readonly #budgetBytes: number;
  readonly #workers: number;
  readonly #onForget: (key: string) => void;

  /** @param options.workers threads that share what activations may take. */
  constructor(options: { budgetBytes: number; workers: number; onForget: (key: string) => void }) {
    this.#budgetBytes = options.budgetBytes;
    this.#workers = options.workers;
    this.#onForget = options.onForget;
  }

  /** The model, loaded unless it is held already. A file that has changed on disk is another model. */
  async acquire(model: ModelRef, onProgress: LoadListener): Promise<ModelLease> {
    const key = `${await fingerprint(model.path)} ${JSON.stringify([model.residency, model.isSample])}`;
    const start = performance.now();
    const entry = this.#entries.get(key) ?? this.#load(key, model);
    this.#touch(key, entry);
    entry.users++;
    entry.listeners.add(onProgress);
    const seconds = () => (performance.now() - start) / 1000;
    const loadSecondsOf = entry.isLoaded ? () => 0 : seconds;
    try {
      const model = await entry.model;
      return { model, loadSeconds: loadSecondsOf(), release: () => this.#release(key, entry) };
    } finally {
      entry.listeners.delete(onProgress);
    }
  }

  /** A sample is of no use to others once it was measured. */
  #release(key: string, entry: Entry): void {
    entry.users--;
    if (entry.isSample && entry.users === 0) this.#drop(key);
    this.#trim();
  }

  #drop(key: string): void {
    this.#entries.delete(key);
    this.#onForget(key);
  }

  #load(key: string, ref: ModelRef): Entry {
    const { residency, isSample = false } = ref;
    this.#trim(residency.weightBytes);
    const listeners = new Set<LoadListener>();
    const onProgress: LoadListener = (fraction) => {
      for (const listener of listeners) listener(fraction);
    };
    const activationBytes = residency.activationBytes / this.#workers;
    const model = loadModel(ref, onProgress).then((loaded) => ({ key, activationBytes, ...loaded }));
    const entry: Entry = { model, bytes: residency.weightBytes, isLoaded: false, isSample, users: 0, listeners };
    model.then(
      () => (entry.isLoaded = true),
      () => this.#entries.delete(key),
    );
    return entry;
  }

  /** Puts the entry last: the map's order is the order of use. */
  #touch(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  /** Drops the longest unused models until the rest fits beside `moreBytes` that are to come; those in use stay. */
  #trim(moreBytes = 0): void {
    let bytes = [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, moreBytes);
    for (const [key, entry] of this.#entries) {
      if (bytes <= this.#budgetBytes) return;
      if (entry.users > 0) continue;
      bytes -= entry.bytes;
      this.#drop(key);
    }
  }
}

async function loadModel(
  { path, residency, isSample }: ModelRef,
  onProgress: LoadListener,
): Promise<Pick<SharedModel, 'config' | 'weights'>> {
  const source = await openModelSource(path);
  if (isSample) return source.sample();
  if (residency.mode === 'streamed') return { config: source.config, weights: source.streamWeights(residency) };
  return { config: source.config, weights: await source.loadWeights({ onProgress }) };
}

/** Path with the sizes and times of its files: changes when the model on disk does. What is not there has neither. */
async function fingerprint(path: string): Promise<string> {
  const names = await readdir(path).catch(() => []); // a single file has no names
  const files = [path, ...names.sort().map((name) => join(path, name))];
  const states = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return JSON.stringify([path, names, states.map((state) => [state?.size, state?.mtimeMs])]);
}
