/**
 * Names of the activations that a pass can show or have replaced. They are TransformerLens's classic strings, because
 * they are data: they stand in specs, files and databases. Not here: what happens at a hook (showing.ts).
 */
import type { ModelConfig } from './config.ts';
import { DemurError } from './errors.ts';

/** Activations of one block, in the order in which the forward pass makes them; canonical shapes in canonical.ts. */
export const BLOCK_HOOKS = [
  'hook_resid_pre',
  'ln1.hook_scale',
  'ln1.hook_normalized',
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_attn_scores',
  'attn.hook_pattern',
  'attn.hook_z',
  'attn.hook_result',
  'ln1_post.hook_scale',
  'ln1_post.hook_normalized',
  'attn.hook_result_post',
  'hook_attn_out',
  'hook_resid_mid',
  'ln2.hook_scale',
  'ln2.hook_normalized',
  'mlp.hook_pre',
  'mlp.hook_post',
  'ln2_post.hook_scale',
  'ln2_post.hook_normalized',
  'hook_mlp_out',
  'hook_resid_post',
] as const;

/** Norms of a block; those after attention and MLP are post-norms, which only some models have. */
export type NormName = 'ln1' | 'ln1_post' | 'ln2' | 'ln2_post';

/** Activations outside the blocks. */
export const MODEL_HOOKS = ['hook_embed', 'ln_final.hook_scale', 'ln_final.hook_normalized'] as const;

export type BlockHook = (typeof BLOCK_HOOKS)[number];
export type ModelHook = (typeof MODEL_HOOKS)[number];
export type HookName = ModelHook | `blocks.${number}.${BlockHook}`;

/** Hooks at which a gradient exists: the backward pass is written out, and passes through these. */
export const GRADIENT_HOOKS: readonly (BlockHook | ModelHook)[] = [
  'hook_embed',
  'hook_resid_pre',
  'ln1.hook_normalized',
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_attn_scores',
  'attn.hook_pattern',
  'attn.hook_z',
  'attn.hook_result',
  'ln1_post.hook_normalized',
  'attn.hook_result_post',
  'hook_attn_out',
  'hook_resid_mid',
  'ln2.hook_normalized',
  'mlp.hook_pre',
  'mlp.hook_post',
  'ln2_post.hook_normalized',
  'hook_mlp_out',
  'hook_resid_post',
  'ln_final.hook_normalized',
];

/** A hook name taken apart. */
export interface ParsedHookName {
  name: HookName;
  layer: number | null;
  hook: BlockHook | ModelHook;
}

/** A name that is no hook of this model. */
export class UnknownHookError extends DemurError {
  constructor(name: string, reason: string) {
    super('UNKNOWN_HOOK', `"${name}" is not a hook: ${reason}`);
  }
}

/** The hook of layer `layer`, e.g. `blockHook(3, 'attn.hook_z')`. */
export function blockHook<H extends BlockHook>(layer: number, hook: H): `blocks.${number}.${H}` {
  return `blocks.${layer}.${hook}`;
}

/** What of a model decides which hooks it has; where nothing is said of post-norms, it may have them. */
export type HookShape = Pick<ModelConfig, 'nLayers'> & Partial<Pick<ModelConfig, 'postNorms'>>;

/**
 * The hooks that `pattern` names on a model; `*` stands for every layer.
 * @throws {UnknownHookError} naming the value and what would be right.
 */
export function expandHookPattern(pattern: string, { nLayers, postNorms = true }: HookShape): ParsedHookName[] {
  const modelHook = MODEL_HOOKS.find((hook) => hook === pattern);
  if (modelHook !== undefined) return [{ name: modelHook, layer: null, hook: modelHook }];
  const [, layer, rest] = /^blocks\.(\*|\d+)\.(.+)$/.exec(pattern) ?? [];
  const hook = BLOCK_HOOKS.find((known) => known === rest);
  if (layer === undefined || hook === undefined) {
    const known = [...MODEL_HOOKS, ...BLOCK_HOOKS.map((name) => `blocks.*.${name}`)].join(', ');
    throw new UnknownHookError(pattern, `choose one of ${known}`);
  }
  if (!postNorms && /^ln[12]_post/.test(hook)) {
    throw new UnknownHookError(pattern, 'the model has no norms after its attention and MLP, as Gemma-2 has');
  }
  if (layer !== '*' && Number(layer) >= nLayers) {
    throw new UnknownHookError(pattern, `the model has layers 0 to ${nLayers - 1}`);
  }
  const layers = layer === '*' ? Array.from({ length: nLayers }, (_, l) => l) : [Number(layer)];
  return layers.map((l) => ({ name: blockHook(l, hook), layer: l, hook }));
}

/**
 * Checks names for a pass, which would go past a wrong one in silence.
 * @throws {UnknownHookError} for a name that is no activation of the model, or one without a gradient where those are asked for.
 */
export function requireHooks(names: readonly string[], shape: HookShape, { gradients = false } = {}): void {
  for (const name of names) {
    const [first] = expandHookPattern(name, shape);
    if (first?.name !== name) throw new UnknownHookError(name, 'write one layer as a number, as in blocks.0');
    if (gradients && !GRADIENT_HOOKS.includes(first.hook))
      throw new UnknownHookError(name, `there is no gradient; choose one of ${GRADIENT_HOOKS.join(', ')}`);
  }
}
