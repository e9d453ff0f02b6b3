/** A tiny reference model on a backend of this process, for tests of the engine itself. */
import { fileURLToPath } from 'node:url';
import { openModelSource, type BackendName } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';

/** Opens a model directory on a backend. */
export async function modelAt(folder: URL, backend: BackendName): Promise<Transformer> {
  await openBackend(backend);
  const source = await openModelSource(fileURLToPath(folder));
  return new Transformer(source.config, await source.loadWeights());
}

/** Opens a model of test/golden/open on a backend. */
export function tinyModel(name: string, backend: BackendName): Promise<Transformer> {
  return modelAt(new URL(`../golden/open/${name}/model`, import.meta.url), backend);
}

/** Numbers from a seed (mulberry32), uniform in −1 … 1. */
export function randomValues(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** The largest difference of two arrays as a share of the second's largest value. */
export function relativeDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) throw new Error(`${got.length} values instead of ${wanted.length}`);
  let [largest, scale] = [0, 0];
  for (let i = 0; i < got.length; i++) {
    largest = Math.max(largest, Math.abs((got[i] as number) - (wanted[i] as number)));
    scale = Math.max(scale, Math.abs(wanted[i] as number));
  }
  return largest / scale;
}
