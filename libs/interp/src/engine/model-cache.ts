/** The models that the engine host holds: each loaded once, the least recently used dropped beyond a byte budget. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource } from '@demur/model';
import type { SharedModel } from './protocol.ts';

type LoadListener = (fraction: number) => void;

interface Entry {
  model: Promise<SharedModel>;
  /** Of the weights; 0 while they load. */
  bytes: number;
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
  readonly #onForget: (key: string) => void;

  constructor(budgetBytes: number, onForget: (key: string) => void) {
    this.#budgetBytes = budgetBytes;
    this.#onForget = onForget;
  }

  /** The model at `path`, loaded unless it is held already. A file that has changed on disk is another model. */
  async acquire(path: string, onProgress: LoadListener): Promise<ModelLease> {
    const key = await fingerprint(path);
    const start = performance.now();
    const entry = this.#entries.get(key) ?? this.#load(key, path);
    this.#touch(key, entry);
    entry.users++;
    entry.listeners.add(onProgress);
    const seconds = () => (performance.now() - start) / 1000;
    const loadSecondsOf = entry.bytes > 0 ? () => 0 : seconds;
    try {
      const model = await entry.model;
      return { model, loadSeconds: loadSecondsOf(), release: () => this.#release(entry) };
    } finally {
      entry.listeners.delete(onProgress);
    }
  }

  #release(entry: Entry): void {
    entry.users--;
    this.#trim();
  }

  #load(key: string, path: string): Entry {
    const listeners = new Set<LoadListener>();
    const model = loadModel(key, path, (fraction) => {
      for (const listener of listeners) listener(fraction);
    });
    const entry: Entry = { model, bytes: 0, users: 0, listeners };
    model.then(
      ({ weights }) => (entry.bytes = weights.buffer.byteLength),
      () => this.#entries.delete(key),
    );
    return entry;
  }

  /** Puts the entry last: the map's order is the order of use. */
  #touch(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  /** Drops the longest unused models until the rest fits; those in use, and the last one, stay. */
  #trim(): void {
    let bytes = [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    for (const [key, entry] of this.#entries) {
      if (bytes <= this.#budgetBytes || this.#entries.size === 1) return;
      if (entry.users > 0) continue;
      bytes -= entry.bytes;
      this.#entries.delete(key);
      this.#onForget(key);
    }
  }
}

async function loadModel(key: string, path: string, onProgress: LoadListener): Promise<SharedModel> {
  const source = await openModelSource(path);
  return { key, config: source.config, weights: await source.loadWeights({ onProgress }) };
}

/** Path with the sizes and times of its files: changes when the model on disk does. What is not there has neither. */
async function fingerprint(path: string): Promise<string> {
  const names = await readdir(path).catch(() => []); // a single file has no names
  const files = [path, ...names.sort().map((name) => join(path, name))];
  const states = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return JSON.stringify([path, names, states.map((state) => [state?.size, state?.mtimeMs])]);
}
