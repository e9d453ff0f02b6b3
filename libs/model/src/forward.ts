/**
 * One forward pass with its hooks and captures, in canonical shapes: embedding, blocks, final norm, logits. What each of
 * them computes is the transformer's and block.ts's.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { passBlock, runBlock } from './block.ts';
import type { ActivationPoint } from './block.ts';
import { residualRows, toCanonical } from './canonical.ts';
import type { Layout } from './canonical.ts';
import { shownNorm } from './components/norm.ts';
import { lastRows } from './components/row-groups.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';
import { BLOCK_HOOKS, blockHook, requireHooks } from './hooks.ts';
import type { BlockHook, HookName } from './hooks.ts';
import { freeingOnError, shower } from './showing.ts';
import type { Hooks, Show } from './showing.ts';
import type { Transformer } from './transformer.ts';

/** Keys and values of earlier columns, a layer an entry; cells: 1 (shared by the batch) or the batch. */
export interface Prefix {
  /** Columns, tokens. */
  length: number;
  layers: KeyValues[];
}

export interface ForwardOptions {
  hooks?: Hooks;
  /** Activations to give back, in canonical shapes. */
  capture?: readonly HookName[];
  /** Columns before the tokens', computed earlier. */
  prefix?: Prefix;
  /** Starts at this layer from `resid`, [batch, position, dModel] at its resid_pre; the layers below are not run. */
  startLayer?: number;
  resid?: Tensor3D;
  /** By default `last`. With `none`, layers after the last one that somebody looks at are not run. */
  logitsAt?: 'all' | 'last' | 'none';
  /** Gives back the pass's own keys and values, so that a later pass can continue it. */
  keepKeyValues?: boolean;
  /** Columns of the whole sequence, where dynamic rotary scaling depends on them; by default these tokens end it. */
  wholeLength?: number;
}

/** What a forward pass gives; `dispose` frees all of it. */
export interface Run {
  /** [batch, position, dVocab] or, at the last position, [batch, dVocab]. */
  logits: Tensor | null;
  activations: Map<HookName, Tensor>;
  /** With `keepKeyValues`: of the pass's own columns, a layer an entry from the first on; else empty. */
  keyValues: KeyValues[];
  dispose(): void;
}

/** See Transformer.forward. */
export function runForward(model: Transformer, tokens: readonly (readonly number[])[], options: ForwardOptions): Run {
  requireHooks([...Object.keys(options.hooks ?? {}), ...(options.capture ?? [])], model.config);
  const activations = new Map<HookName, Tensor>();
  const { logits, keyValues } = freeingOnError(activations, () =>
    scoped(() => runLayers(model, tokens, { ...options, activations })),
  );
  const dispose = (): void => {
    tf.dispose([...(logits ? [logits] : []), ...activations.values()]);
    tf.dispose(keyValues.flatMap(({ keys, values }) => [keys, values]));
  };
  return { logits, activations, keyValues, dispose };
}

function runLayers(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  options: ForwardOptions & { activations: Map<HookName, Tensor> },
): Pick<Run, 'logits' | 'keyValues'> {
  const { prefix, startLayer = 0, logitsAt = 'last', keepKeyValues = false } = options;
  const { nLayers, nHeads, nKvHeads, dHead } = model.config;
  const start = prefix?.length ?? 0;
  const positions = tokens[0]?.length ?? 0;
  const group = model.group({ cells: tokens.length, start, positions, length: options.wholeLength });
  const layout: Layout = { group, shape: { nHeads, nKvHeads, dHead } };
  const show = shower(options, options.activations);
  const keyValues: KeyValues[] = [];
  let resid = startLayer > 0 ? residualRows(requireResid(options)) : shownEmbedding(model, tokens, { layout, show });
  const runsToEnd = logitsAt !== 'none' || keepKeyValues || wantsFinalNorm(show);
  const end = runsToEnd ? nLayers : layersLookedAt(show, nLayers);
  for (let layer = startLayer; layer < end; layer++) {
    const lastOnly = layer === nLayers - 1 && logitsAt !== 'all' && !wantsFinalNorm(show);
    const fixed = prefix?.layers[layer];
    const ofLayer = { ...group, fixed: fixed === undefined ? [] : [fixed] };
    const { residPost, own } = runLayer(model, resid, { layer, group: ofLayer, layout, show, keepKeyValues, lastOnly });
    resid.dispose();
    resid = residPost;
    keyValues.push(...own);
  }
  return { logits: logitsOf(model, resid, { layout, at: logitsAt, show }), keyValues };
}

function shownEmbedding(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  { layout, show }: { layout: Layout; show: Show },
): Tensor2D {
  return model.withPositions(show('hook_embed', null, model.embed(tokens), layout) as Tensor2D, layout.group);
}

interface LayerRun {
  layer: number;
  group: RowGroup;
  layout: Layout;
  show: Show;
  keepKeyValues: boolean;
  lastOnly: boolean;
}

/** One layer; where nobody looks, by the way that keeps nothing, and for the last position alone if that is enough. */
function runLayer(
  model: Transformer,
  resid: Tensor2D,
  { layer, group, layout, show, keepKeyValues, lastOnly }: LayerRun,
): { residPost: Tensor2D; own: KeyValues[] } {
  const wants = (hook: BlockHook): boolean => show.wants(blockHook(layer, hook));
  if (!looksAt(show, layer))
    return model.withBlock(layer, (block) => passBlock(block, resid, [group], { lastOnly, keepKeyValues }));
  const see = <T extends Tensor>(hook: BlockHook, x: T): T => show(hook, layer, x, layout) as T;
  const point: ActivationPoint = Object.assign(see, { wants });
  return model.withBlock(layer, (block) =>
    scoped(() => {
      const { residPost, attn } = runBlock(block, resid, [group], { point });
      return { residPost, own: keepKeyValues ? attn.map(({ own }) => own) : [] };
    }),
  );
}

function logitsOf(
  model: Transformer,
  resid: Tensor2D,
  { layout, at, show }: { layout: Layout; at: 'all' | 'last' | 'none'; show: Show },
): Tensor | null {
  const { group } = layout;
  const last = (x: Tensor2D): Tensor2D => (x.shape[0] === group.cells ? x : lastRows(x, group));
  if (!wantsFinalNorm(show) && at !== 'all')
    return at === 'none' ? null : model.unembed(model.finalNorm(last(resid)).normalized);
  const { normalized } = shownNorm(
    model.lnFinal,
    resid,
    (part, of) => show(`ln_final.hook_${part}`, null, of, layout) as Tensor2D,
  );
  if (at === 'none') return null;
  if (at === 'last') return model.unembed(last(normalized));
  return toCanonical('hook_embed', model.unembed(normalized), layout);
}

function looksAt(show: Show, layer: number): boolean {
  return BLOCK_HOOKS.some((hook) => show.wants(blockHook(layer, hook)));
}

/** Layers up to the last one that somebody looks at. */
function layersLookedAt(show: Show, nLayers: number): number {
  let layers = nLayers;
  while (layers > 0 && !looksAt(show, layers - 1)) layers--;
  return layers;
}

function wantsFinalNorm(show: Show): boolean {
  return show.wants('ln_final.hook_scale') || show.wants('ln_final.hook_normalized');
}

function requireResid({ resid, startLayer }: ForwardOptions): Tensor3D {
  if (resid === undefined) throw new TypeError(`startLayer ${startLayer} needs resid, [batch, position, dModel]`);
  return resid;
}
