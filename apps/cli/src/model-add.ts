/** `demur model add`: a model of the Hub into the cache, and what it is. A path is only looked at. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource, resolveModel, type ModelSource } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar } from './progress-bar.ts';
import { interruption } from './run.ts';

/** Prints where the model lies and what it is to stdout; the exit code is 0 when it can be run. */
export async function modelAdd(model: string): Promise<number> {
  const bar = openProgressBar();
  try {
    const path = await resolveModel(model, { signal: interruption(), onProgress: bar.download });
    const source = await openModelSource(path);
    bar.end();
    for (const [name, text] of await describe(source)) console.log(`${name.padEnd(12)}${text}`);
    return 0;
  } catch (error) {
    bar.end();
    return exitCodeOf(error);
  }
}

async function describe(source: ModelSource): Promise<[string, string][]> {
  const { config, weightSizes } = source;
  const { revision, weightsSha256, dtype } = await source.identity();
  return [
    ['path', source.path],
    ['revision', revision ?? 'none: the model is not of the Hub'],
    ['family', config.family],
    ['parameters', scaled(weightSizes.all / Float32Array.BYTES_PER_ELEMENT, '')],
    ['shape', `${config.nLayers} layers, ${config.nHeads} heads, width ${config.dModel}, context ${config.nCtx}`],
    ['weights', `${scaled(await bytesOnDisk(source), 'B')} of ${dtype}; ${scaled(weightSizes.all, 'B')} in memory`],
    ['sha256', weightsSha256],
  ];
}

async function bytesOnDisk({ path, format }: ModelSource): Promise<number> {
  const names = format === 'gguf' ? [''] : (await readdir(path)).filter((name) => name.endsWith('.safetensors'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Three digits and a prefix: `135 M`, `269 MB`. */
function scaled(value: number, unit: string): string {
  const [size, prefix] = (
    [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([least]) => value >= least) ?? [1, ''];
  return `${Number((value / size).toPrecision(3))} ${prefix}${unit}`.trim();
}
