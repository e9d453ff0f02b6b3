/**
 * The engine against reference files, through the activations experiment: what a user gets is what is compared. Prompts that
 * the reference has padded on the left run without padding, and are compared where they have tokens.
 */
import { BLOCK_HOOKS, type BlockHook, type HookName, type ModelHook } from '@demur/model';
import { executeShard } from '../execute-shard.ts';
import type { NamedArray } from '../named-array.ts';
import { parseSpec } from '../spec.ts';
import type { ShardArrays } from '../shard.ts';
import type { Measuring } from './measuring.ts';
import { readReference, InvalidReferenceError, type Reference } from './reference-file.ts';

/** Keys of a reference, and the hooks of every layer that they are. */
const LAYER_KEYS: Record<string, BlockHook> = {
  resid_pre: 'hook_resid_pre',
  resid_mid: 'hook_resid_mid',
  z: 'attn.hook_z',
  pattern: 'attn.hook_pattern',
  attn_out: 'hook_attn_out',
  mlp_out: 'hook_mlp_out',
  head_result: 'attn.hook_result',
  head_result_post: 'attn.hook_result_post' as BlockHook,
};

/** Keys of a reference that have no layers. */
const MODEL_KEYS: Record<string, ModelHook> = { embed: 'hook_embed', final_norm: 'ln_final.hook_normalized' };

const GRADIENT_KEYS = ['resid_pre', 'attn_out', 'mlp_out', 'z'];

export async function referenceActivations(measuring: Measuring): Promise<void> {
  const { nLayers } = measuring.model.config;
  await eachReference(measuring, async (reference, label) => {
    const has = (key: string) => SIDES.some((side) => `${side}.${key}` in reference.arrays);
    const layered = Object.entries(LAYER_KEYS).filter(([key, hook]) => has(key) && BLOCK_HOOKS.includes(hook));
    const single = Object.entries(MODEL_KEYS).filter(([key]) => has(key));
    const last: HookName = `blocks.${nLayers - 1}.hook_resid_post`;
    const names = [...layered.map(([, hook]) => `blocks.*.${hook}`), ...single.map(([, hook]) => hook), last];
    const arrays = await activations(measuring, reference, { names, logits: 'all' });
    for (const side of SIDES) {
      const compare = comparer({ measuring, reference, arrays, label, side });
      compare('logits', ['logits']);
      compare('resid_post', [last]);
      for (const [key, hook] of single) compare(key, [hook]);
      for (const [key, hook] of layered) compare(key, layerNames(hook, nLayers));
    }
  });
}

export async function referenceGradients(measuring: Measuring): Promise<void> {
  const { nLayers } = measuring.model.config;
  await eachReference(measuring, async (reference, label) => {
    const keys = GRADIENT_KEYS.filter((key) => SIDES.some((side) => `${side}.grad.${key}` in reference.arrays));
    if (keys.length === 0) return;
    const names = keys.map((key) => `blocks.*.${LAYER_KEYS[key]}`);
    const arrays = await activations(measuring, reference, { names, gradients: true });
    for (const side of SIDES)
      for (const key of keys)
        comparer({ measuring, reference, arrays, label, side })(
          `grad.${key}`,
          layerNames(LAYER_KEYS[key]!, nLayers).map((name) => `grad.${name}`),
        );
  });
}

const SIDES = ['clean', 'corrupted'] as const;

function layerNames(hook: BlockHook, nLayers: number): string[] {
  return Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.${hook}`);
}

async function eachReference(
  measuring: Measuring,
  compare: (reference: Reference, label: string) => Promise<void>,
): Promise<void> {
  const { references, model } = measuring;
  for (const file of references) {
    const reference = await readReference(file, model.config.dVocab);
    await compare(reference, references.length === 1 ? '' : `${reference.name}: `);
  }
}

/** What the activations experiment gives for the reference's pairs. */
function activations(
  { model, cancel, onProgress }: Measuring,
  reference: Reference,
  options: object,
): Promise<ShardArrays> {
  const { columns, pairs } = reference;
  const spec = parseSpec({ kind: 'activations', model: 'the checked model', pairs: 'the reference', options });
  const shard = { index: 0, pairs: pairs.map((pair, index) => ({ index, pair })), columns, pairCount: pairs.length };
  return executeShard(model, spec, shard, { cancel, onProgress });
}

interface Comparing {
  measuring: Measuring;
  reference: Reference;
  arrays: ShardArrays;
  label: string;
  side: (typeof SIDES)[number];
}

/** Compares a key of the reference, if it is there, with the arrays of its layers (or the one that it is). */
function comparer({ measuring, reference, arrays, label, side }: Comparing) {
  return (key: string, names: string[]): void => {
    const wanted = reference.arrays[`${side}.${key}`];
    if (wanted === undefined) return;
    for (const [layer, name] of names.entries()) {
      const got = arrays[`${side}.${name}`]!;
      const theirs = sameShape(`${reference.name}: ${side}.${key}`, wanted, {
        shape: got.shape,
        layer,
        layers: names.length,
      });
      const columns = reference.pairs.map((pair) => reference.columns - pair[side].length);
      const mask = tokenMask(got.shape, { columns: reference.columns, pads: columns, isPattern: key === 'pattern' });
      const kept = (values: Float32Array) => values.filter((_, at) => mask(at));
      measuring.comparison.add(`${label}${side}.${key}`, kept(got.values), kept(theirs));
    }
  };
}

/** The reference's values of a layer, if they have the shape of what the engine gave. */
function sameShape(
  what: string,
  { shape, values }: NamedArray,
  expected: { shape: number[]; layer: number; layers: number },
): Float32Array {
  const layered = shape.length > expected.shape.length;
  const own = layered ? shape.slice(1) : shape;
  if (own.join() !== expected.shape.join() || (layered && shape[0] !== expected.layers))
    throw new InvalidReferenceError(
      what,
      `its shape is [${shape.join(', ')}], the model's [${expected.shape.join(', ')}]`,
    );
  const size = layered ? values.length / expected.layers : values.length;
  return values.subarray(expected.layer * size, (expected.layer + 1) * size);
}

/** Whether the element `at` belongs to a token: [pair, position, ...], or [pair, head, query, key]. */
function tokenMask(
  shape: number[],
  of: { columns: number; pads: number[]; isPattern: boolean },
): (at: number) => boolean {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  const inner = of.isPattern ? of.columns : size / of.columns;
  return (at) => {
    const pad = of.pads[Math.floor(at / size)]!;
    const position = Math.floor((at % size) / inner) % of.columns;
    return position >= pad && (!of.isPattern || at % of.columns >= pad);
  };
}
