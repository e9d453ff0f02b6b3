/** A forward pass as plain arrays: what most checks compare. */
import type { HookName } from '@demur/model';
import type { ForwardOptions, Run, Transformer } from '@demur/model/engine';
import type { NamedArray } from '../named-array.ts';
import { withReadings } from '../readings.ts';

/** Logits, and the activations asked for by name; shapes are canonical. */
export interface PassValues {
  logits: NamedArray | null;
  /** Throws for an activation that was not captured. */
  at(name: HookName): NamedArray;
  names: HookName[];
}

/** Runs one pass over `tokens` [batch][position] and reads all that it gives. */
export async function passValues(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  options: ForwardOptions,
): Promise<PassValues> {
  const run = model.forward(tokens, options);
  try {
    return await readRun(run);
  } finally {
    run.dispose();
  }
}

/** Copies a run's tensors; the run stays the caller's. */
export async function readRun(run: Run): Promise<PassValues> {
  const arrays = new Map<string, NamedArray>();
  await withReadings((readings) => {
    const copy = (name: string, shape: number[]) => (values: Float32Array) =>
      void arrays.set(name, { shape, values: values.slice() });
    if (run.logits) readings.read(run.logits, copy('logits', run.logits.shape));
    for (const [name, tensor] of run.activations) readings.read(tensor, copy(name, tensor.shape));
  });
  const at = (name: HookName): NamedArray => {
    const array = arrays.get(name);
    if (array === undefined) throw new RangeError(`${name} was not captured`);
    return array;
  };
  return { logits: arrays.get('logits') ?? null, at, names: [...run.activations.keys()] };
}

/** Positions `from` to `to` of the one sequence of an activation [1, position, ...]. */
export function positionsOf({ shape, values }: NamedArray, from: number, to: number): Float32Array {
  const size = values.length / (shape[1] as number);
  return values.subarray(from * size, to * size);
}

/** A few layers that stand for all: the first, the middle one, the last. */
export function sampleLayers(nLayers: number): number[] {
  return [...new Set([0, Math.floor(nLayers / 2), nLayers - 1])];
}

/** The residual streams before every block and after the last one. */
export function residualHooks(nLayers: number): HookName[] {
  const layers = Array.from({ length: nLayers }, (_, layer): HookName => `blocks.${layer}.hook_resid_pre`);
  return [...layers, lastResidual(nLayers)];
}

/** The residual stream after the last block. */
export function lastResidual(nLayers: number): HookName {
  return `blocks.${nLayers - 1}.hook_resid_post`;
}
