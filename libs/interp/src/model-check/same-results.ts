/** Checks that two ways to one number agree: runs again, batches, later tokens, caches, starts in the middle. */
import type { HookName } from '@demur/model';
import type { PassValues } from './pass-values.ts';
import { lastResidual, passValues, positionsOf, readRun, residualHooks, sampleLayers } from './pass-values.ts';
import type { Measuring } from './measuring.ts';

/** Counts what is no finite number, over all prompts. */
export async function finite({ model, pairs, comparison }: Measuring): Promise<void> {
  const capture = residualHooks(model.config.nLayers);
  let [bad, all] = [0, 0];
  for (const { clean } of pairs) {
    const pass = await passValues(model, [clean], { capture, logitsAt: 'all' });
    for (const { values } of [pass.logits!, ...capture.map((name) => pass.at(name))]) {
      bad += values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
      all += values.length;
    }
  }
  comparison.put(bad === 0 ? 'all logits and residual streams' : `${bad} of ${all} values`, {
    difference: bad,
    scale: all,
  });
}

/** The same prompt twice. */
export async function determinism({ model, pairs, comparison }: Measuring): Promise<void> {
  const options = { capture: residualHooks(model.config.nLayers), logitsAt: 'all' as const };
  const first = await passValues(model, [pairs[2]!.clean], options);
  compareAll(comparison, await passValues(model, [pairs[2]!.clean], options), first);
}

/** The same beginning before other tokens, and before more tokens. */
export async function causality({ model, pairs, comparison }: Measuring): Promise<void> {
  const [clean, others] = [pairs[2]!.clean, pairs[3]!.clean];
  const appended = [...clean, ...others.slice(0, 2)];
  // Rotations that depend on the length of the whole sequence are to be the same.
  const capture = residualHooks(model.config.nLayers);
  const options = { capture, logitsAt: 'all' as const, wholeLength: appended.length };
  const whole = await passValues(model, [clean], options);
  const kept = Math.floor(clean.length / 2);
  const changed = [...clean.slice(0, kept), ...others.slice(kept)];
  compareAll(comparison, await passValues(model, [changed], options), whole, { part: 'changed', to: kept });
  compareAll(comparison, await passValues(model, [appended], options), whole, { part: 'appended', to: clean.length });
}

/** Keys and values of the first half, then the rest of the prompt. */
export async function cachedPrefix({ model, pairs, comparison }: Measuring): Promise<void> {
  const { clean } = pairs[1]!;
  const start = Math.floor(clean.length / 2);
  const capture = residualHooks(model.config.nLayers);
  const whole = await passValues(model, [clean], { capture, logitsAt: 'all' });
  const prefix = model.prefix([clean.slice(0, start)], clean.length);
  try {
    const rest = await passValues(model, [clean.slice(start)], { capture, logitsAt: 'all', prefix });
    compareAll(comparison, rest, whole, { from: start });
  } finally {
    for (const { keys, values } of prefix.layers) {
      keys.dispose();
      values.dispose();
    }
  }
}

/** From the residual stream before a layer to the logits. */
export async function startLayer({ model, pairs, comparison }: Measuring): Promise<void> {
  const { nLayers } = model.config;
  const final = lastResidual(nLayers);
  const starts = sampleLayers(nLayers).slice(1);
  const inputs = starts.map((layer): HookName => `blocks.${layer}.hook_resid_pre`);
  const tokens = [pairs[1]!.clean, pairs[1]!.corrupted];
  const run = model.forward(tokens, { capture: [...inputs, final], logitsAt: 'all' });
  try {
    const whole = await readRun(run);
    for (const [i, layer] of starts.entries()) {
      const resid = run.activations.get(inputs[i]!) as NonNullable<Parameters<typeof model.forward>[1]>['resid'];
      const options = { capture: [final], logitsAt: 'all' as const, startLayer: layer, resid };
      compareAll(comparison, await passValues(model, tokens, options), whole, { part: `from layer ${layer}` });
    }
  } finally {
    run.dispose();
  }
}

interface Range {
  part?: string;
  /** The first position of `wanted` that `got` has. */
  from?: number;
  /** The first position that is not compared. */
  to?: number;
}

/** Compares what `got` captured and its logits with the same positions of `wanted`. */
function compareAll(
  comparison: Measuring['comparison'],
  got: PassValues,
  wanted: PassValues,
  { part, from = 0, to }: Range = {},
): void {
  const arrays = (pass: PassValues) => [...got.names.map((name) => pass.at(name)), pass.logits!];
  const names = [...got.names, 'logits'];
  for (const [i, name] of names.entries()) {
    const [mine, theirs] = [arrays(got)[i]!, arrays(wanted)[i]!];
    const end = to ?? (theirs.shape[1] as number);
    const label = part === undefined ? name : `${part}: ${name}`;
    if (theirs.shape[0] !== 1) comparison.add(label, mine.values, theirs.values);
    else comparison.add(label, positionsOf(mine, 0, end - from), positionsOf(theirs, from, end));
  }
}
