/**
 * Hooks and captures of one pass: who sees an activation, and what replaces it. They are arguments; nothing is registered.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { fromCanonical, toCanonical } from './canonical.ts';
import type { Layout } from './canonical.ts';
import { DemurError } from './errors.ts';
import { blockHook } from './hooks.ts';
import type { BlockHook, HookName, ModelHook } from './hooks.ts';

/** A hook or a metric that gives back another shape than it was shown: backends would compute something, or read beyond. */
export class ReplacedShapeError extends DemurError {
  constructor(giver: string, { shown, given }: { shown: readonly number[]; given: readonly number[] }) {
    super(
      'REPLACED_SHAPE',
      `${giver} gave back the shape [${given.join(', ')}] for [${shown.join(', ')}]; give back the same shape`,
    );
  }
}

/** @throws ReplacedShapeError */
export function requireSameShape(giver: string, shown: Tensor, given: Tensor): void {
  if (tf.util.arraysEqual(shown.shape, given.shape)) return;
  throw new ReplacedShapeError(giver, { shown: shown.shape, given: given.shape });
}

/** Sees an activation in its canonical shape; returns nothing, or what replaces it (same shape). */
export type Hook = (activation: Tensor, context: { name: HookName; layer: number | null }) => Tensor | undefined;

export type Hooks = Partial<Record<HookName, Hook>>;

/** Shows an activation of a pass to its hook, and keeps a copy if it was asked for. */
export interface Show {
  (hook: BlockHook | ModelHook, layer: number | null, activation: Tensor, layout: Layout): Tensor;
  wants(name: HookName): boolean;
}

/** The full name of a hook: of the model's own for `layer` null, else of a block's. */
export function hookName(hook: BlockHook | ModelHook, layer: number | null): HookName {
  return (layer === null ? hook : blockHook(layer, hook as BlockHook)) as HookName;
}

/** How a pass shows its activations: to `hooks`, and into `activations` those of `capture`. */
export function shower(
  { hooks = {}, capture = [] }: { hooks?: Hooks; capture?: readonly HookName[] },
  activations: Map<HookName, Tensor>,
): Show {
  const captured = new Set<HookName>(capture);
  const wants = (name: HookName): boolean => hooks[name] !== undefined || captured.has(name);
  const show = (hook: BlockHook | ModelHook, layer: number | null, activation: Tensor, layout: Layout): Tensor => {
    const name = hookName(hook, layer);
    if (!wants(name)) return activation;
    const canonical = toCanonical(hook, activation, layout);
    const replaced = hooks[name]?.(canonical, { name, layer });
    if (replaced !== undefined) requireSameShape(`The hook at ${name}`, canonical, replaced);
    if (captured.has(name)) activations.set(name, tf.keep((replaced ?? canonical).clone()));
    return replaced === undefined ? activation : fromCanonical(hook, replaced, layout);
  };
  return Object.assign(show, { wants });
}

/** Runs `work`; when it throws, frees what it had put into `made` by then. */
export function freeingOnError<T>(made: ReadonlyMap<HookName, Tensor>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    tf.dispose([...made.values()]);
    throw error;
  }
}
