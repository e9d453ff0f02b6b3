/**
 * The transformer: tokens in, logits and whatever activations were asked for out; hooks and captures are arguments, and
 * nothing outlives a call. Two doors: `forward` and `gradients` in canonical shapes, and the parts that the patching
 * and attribution engines build on (`withBlock`, `group`, `finalNorm`), in the layout of a pass.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { passBlock, runBlock, TAPE_BUDGET_BYTES } from './block.ts';
import type { ActivationPoint, Block } from './block.ts';
import { blockFrom, normFrom } from './block-weights.ts';
import { residualRows, toCanonical } from './canonical.ts';
import type { Layout } from './canonical.ts';
import { norm, shownNorm } from './components/norm.ts';
import type { NormTrace, NormWeights } from './components/norm.ts';
import { frequencies, rotationsOf } from './components/rotary.ts';
import { lastRows } from './components/row-groups.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';
import { softcap, softcapVjp } from './components/softcap.ts';
import type { ModelConfig } from './config.ts';
import { gradientsAt } from './gradients.ts';
import type { FinalGradient } from './gradients.ts';
import { DemurError } from './errors.ts';
import { BLOCK_HOOKS, blockHook, requireHooks } from './hooks.ts';
import type { BlockHook, HookName } from './hooks.ts';
import { freeingOnError, shower } from './showing.ts';
import type { Hooks, Show } from './showing.ts';
import { openWeights } from './weights/model-weights.ts';
import type { ModelWeights, WeightRecipe, WeightValues } from './weights/model-weights.ts';

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

/** More columns than a model with learned positions has. */
export class ContextLengthError extends DemurError {
  constructor(columns: number, nCtx: number) {
    super('CONTEXT_LENGTH', `a sequence of ${columns} tokens, and the model has ${nCtx} positions; shorten it`);
  }
}

/** Tokens that make no batch: rows of different lengths, none, or ids that the model has no embedding for. */
export class TokensError extends DemurError {
  constructor(problem: string) {
    super('INVALID_TOKENS', `The tokens of a pass ${problem}`);
  }
}

export class Transformer {
  readonly config: ModelConfig;
  readonly lnFinal: NormWeights;
  /** What activations may take beside the weights, in bytes. */
  readonly activationBytes: number;
  readonly #weights: ModelWeights;
  /** Tensors over weights that stay, which live as long as the model. */
  readonly #owned: Tensor[];
  /** By layer, of resident weights alone. */
  readonly #blocks: Block[];
  #unembedding: Tensor2D | null = null;
  /** Whether the weights are another model's: see `firstLayers`. */
  readonly #borrows: boolean;

  /**
   * @param recipe the weights: in a store that belongs to the caller, or streamed from files that this opens and closes; or
   *   another model, whose weights these are.
   */
  constructor(
    config: ModelConfig,
    recipe: WeightRecipe | Transformer,
    { activationBytes = Number.POSITIVE_INFINITY }: { activationBytes?: number } = {},
  ) {
    this.config = config;
    this.activationBytes = activationBytes;
    this.#borrows = recipe instanceof Transformer;
    if (recipe instanceof Transformer) {
      this.#weights = recipe.#weights;
      this.#owned = recipe.#owned;
      this.#blocks = recipe.#blocks;
      this.lnFinal = recipe.lnFinal;
      return;
    }
    this.#weights = openWeights(recipe);
    this.#owned = [];
    this.#blocks = [];
    this.lnFinal = normFrom(config, 'ln_final', (name) => this.#tensor(this.#weights.values(name), this.#owned));
    for (let layer = 0; layer < (this.#weights.isResident ? config.nLayers : 0); layer++)
      this.#weights.withBlock(layer, -1, (weightOf) => this.#blocks.push(this.#block(layer, weightOf, this.#owned)));
  }

  /** Frees the weights' tensors; of streamed weights also files, threads and memory. Of borrowed weights, nothing. */
  dispose(): void {
    if (this.#borrows) return;
    tf.dispose(this.#owned);
    this.#weights.close();
  }

  /** The model that ends after its first `layers` blocks, on this model's weights and for as long as they live. */
  firstLayers(layers: number): Transformer {
    const { config, activationBytes } = this;
    if (!(layers >= 1 && layers <= config.nLayers)) throw new RangeError(`${layers} of ${config.nLayers} layers`);
    return layers === config.nLayers
      ? this
      : new Transformer({ ...config, nLayers: layers }, this, { activationBytes });
  }

  /** What the tapes that a forward pass keeps may take: little where memory is scarce, since blocks can run again. */
  get tapeBudgetBytes(): number {
    return Math.min(TAPE_BUDGET_BYTES, this.activationBytes / 4);
  }

  /** Seconds for which this thread has waited for the disk since the model was opened. */
  get diskSeconds(): number {
    return this.#weights.diskSeconds;
  }

  /**
   * Runs `work` with the weights of layer `layer`. They may be brought from disk for the call, so nothing made of them alone
   * (a view of W_O) may leave it; what was computed with them may.
   * @param ahead the layer that will be asked for next, read while this one computes; by default the one above.
   */
  withBlock<T>(layer: number, work: (block: Block) => T, ahead = layer + 1): T {
    if (!(layer >= 0 && layer < this.config.nLayers)) throw new RangeError(`layer ${layer} of ${this.config.nLayers}`);
    const block = this.#blocks[layer];
    if (block !== undefined) return work(block);
    const lent: Tensor[] = [];
    return this.#weights.withBlock(layer, ahead < this.config.nLayers ? ahead : -1, (weightOf) => {
      try {
        return work(this.#block(layer, weightOf, lent));
      } finally {
        tf.dispose(lent);
      }
    });
  }

  #block(layer: number, weightOf: (name: string) => WeightValues, owner: Tensor[]): Block {
    return blockFrom(this.config, layer, (name) => this.#tensor(weightOf(name), owner));
  }

  /** A tensor over the values, without a copy where the backend can; it is freed with `owner`, and by no scope. */
  #tensor<T extends Tensor>({ values, shape }: WeightValues, owner: Tensor[]): T {
    const tensor = tf.keep(tf.tensor(values as unknown as Float32Array, shape, 'float32'));
    owner.push(tensor);
    return tensor as T;
  }

  /**
   * A row group of `cells` sequences over the columns from `start` on. The caller disposes `rotations`.
   * @param options.length columns of the whole sequence, which dynamic rotary scaling depends on; by default this group ends it.
   * @throws {ContextLengthError} when the model has no positions for so many columns.
   */
  group(options: { cells: number; start: number; positions: number; length?: number; fixed?: KeyValues[] }): RowGroup {
    const { cells, start, positions, fixed = [] } = options;
    const { dHead, positions: kind, nCtx } = this.config;
    if (kind.kind === 'learned' && start + positions > nCtx) throw new ContextLengthError(start + positions, nCtx);
    const length = options.length ?? start + positions;
    const rotations = kind.kind === 'rotary' ? rotationsOf(frequencies(kind, dHead, length), start, positions) : null;
    return { cells, positions, start, rotations, fixed };
  }

  /** Token embeddings as rows of a pass: tokens [batch][position] → [position · batch, dModel]. @throws {TokensError} */
  embed(tokens: readonly (readonly number[])[]): Tensor2D {
    const { dModel, embedScale } = this.config;
    requireTokens(tokens, this.config.dVocab);
    // Position-major: the first position of every sequence, then the second.
    const ids = (tokens[0] ?? []).flatMap((_, position) => tokens.map((sequence) => sequence[position] as number));
    const rows = this.#weights.rows('embed.W_E', ids);
    if (embedScale !== 1) rows.forEach((value, i) => (rows[i] = value * embedScale));
    return tf.tensor2d(rows, [ids.length, dModel]);
  }

  /** Token embeddings as they enter the first block at a group's columns: with learned positions, where a model has such. */
  withPositions(embedded: Tensor2D, group: Pick<RowGroup, 'cells' | 'positions' | 'start'>): Tensor2D {
    if (this.config.positions.kind === 'rotary') return embedded;
    const { cells, positions, start } = group;
    const { dModel } = this.config;
    const columns = Array.from({ length: positions }, (_, position) => start + position);
    const rows = tf.tensor3d(this.#weights.rows('pos_embed.W_pos', columns), [positions, 1, dModel]);
    return embedded
      .reshape<Tensor3D>([positions, cells, dModel])
      .add(rows)
      .reshape([positions * cells, dModel]);
  }

  /** W_U's rows of some tokens: [tokens.length, dModel]. */
  unembeddingRows(tokens: readonly number[]): Tensor2D {
    return tf.tensor2d(this.#weights.rows(this.#unembeddingName, tokens), [tokens.length, this.config.dModel]);
  }

  get #unembeddingName(): string {
    return this.config.tiedEmbeddings ? 'embed.W_E' : 'unembed.W_U';
  }

  /** Normalized final residual stream [rows, dModel] → logits [rows, dVocab]. */
  unembed(normalized: Tensor2D): Tensor2D {
    const logits = this.#weights.isResident ? this.#unembedResident(normalized) : this.#unembedChunks(normalized);
    return softcap(logits, this.config.logitSoftcap);
  }

  /**
   * Vector-Jacobian product of `unembed`: the gradient at logits [rows, dVocab] → at the normalized final residual stream,
   * [rows, dModel].
   * @param logits what `unembed` gave: the slope of a soft cap is told from it.
   */
  unembedVjp(logits: Tensor2D, dLogits: Tensor2D): Tensor2D {
    return scoped(() => {
      const dRaw = softcapVjp(logits, dLogits, this.config.logitSoftcap);
      return this.#weights.isResident ? tf.matMul(dRaw, this.#wholeUnembedding()) : this.#unembedVjpChunks(dRaw);
    });
  }

  #wholeUnembedding(): Tensor2D {
    this.#unembedding ??= this.#tensor<Tensor2D>(this.#weights.values(this.#unembeddingName), this.#owned);
    return this.#unembedding;
  }

  #unembedResident(normalized: Tensor2D): Tensor2D {
    return tf.matMul(normalized, this.#wholeUnembedding(), false, true);
  }

  /** The sum over chunks of the unembedding of their columns' gradients times their rows. */
  #unembedVjpChunks(dRaw: Tensor2D): Tensor2D {
    const count = dRaw.shape[0];
    let sum: Tensor2D = tf.zeros([count, this.config.dModel]);
    let column = 0;
    for (const { values, rows } of this.#weights.chunks(this.#unembeddingName)) {
      const [before, start] = [sum, column];
      sum = scoped(() => {
        const chunk = tf.tensor2d(values as unknown as Float32Array, [rows, this.config.dModel]);
        return before.add<Tensor2D>(tf.matMul(dRaw.slice([0, start], [count, rows]), chunk));
      });
      before.dispose();
      column += rows;
    }
    return sum;
  }

  /** Columns of logits for as many rows of the unembedding as are in memory at a time, joined. */
  #unembedChunks(normalized: Tensor2D): Tensor2D {
    return scoped(() => {
      const parts: Tensor2D[] = [];
      for (const { values, rows } of this.#weights.chunks(this.#unembeddingName)) {
        const chunk = tf.tensor2d(values as unknown as Float32Array, [rows, this.config.dModel]);
        parts.push(tf.matMul(normalized, chunk, false, true));
        chunk.dispose();
      }
      return parts.length === 1 ? (parts[0] as Tensor2D) : tf.concat2d(parts, 1);
    });
  }

  /** The final norm of rows [rows, dModel]. */
  finalNorm(resid: Tensor2D): NormTrace<Tensor2D> {
    return norm(this.lnFinal, resid);
  }

  /**
   * The prefix's keys and values: tokens [1 or batch][position] → one entry a layer. The caller disposes them.
   * @param wholeLength columns of the sequences that it begins, where dynamic rotary scaling depends on them.
   */
  prefix(tokens: readonly (readonly number[])[], wholeLength?: number): Prefix {
    const length = tokens[0]?.length ?? 0;
    if (length === 0) return { length, layers: [] };
    const { keyValues } = this.forward(tokens, { logitsAt: 'none', keepKeyValues: true, wholeLength });
    return { length, layers: keyValues };
  }

  /**
   * One forward pass. Tokens are [batch][position], rows of one length; sequences of different lengths go in different
   * calls, so that there is no padding to be right about.
   * @throws {UnknownHookError} for a hook or a capture that the model does not have.
   */
  forward(tokens: readonly (readonly number[])[], options: ForwardOptions = {}): Run {
    requireHooks([...Object.keys(options.hooks ?? {}), ...(options.capture ?? [])], this.config);
    const activations = new Map<HookName, Tensor>();
    const { logits, keyValues } = freeingOnError(activations, () =>
      scoped(() => this.#run(tokens, options, activations)),
    );
    const dispose = (): void => {
      tf.dispose([...(logits ? [logits] : []), ...activations.values()]);
      tf.dispose(keyValues.flatMap(({ keys, values }) => [keys, values]));
    };
    return { logits, activations, keyValues, dispose };
  }

  /** Gradients of a metric at activations, in canonical shapes; the caller disposes them. See gradients.ts. */
  gradients(
    tokens: readonly (readonly number[])[],
    metric: FinalGradient,
    at: readonly HookName[],
  ): Map<HookName, Tensor> {
    return gradientsAt(this, tokens, { metric, at });
  }

  #run(
    tokens: readonly (readonly number[])[],
    options: ForwardOptions,
    activations: Map<HookName, Tensor>,
  ): Pick<Run, 'logits' | 'keyValues'> {
    const { prefix, startLayer = 0, logitsAt = 'last', keepKeyValues = false } = options;
    const { nLayers, nHeads, nKvHeads, dHead } = this.config;
    const start = prefix?.length ?? 0;
    const positions = tokens[0]?.length ?? 0;
    const group = this.group({ cells: tokens.length, start, positions, length: options.wholeLength });
    const layout: Layout = { group, shape: { nHeads, nKvHeads, dHead } };
    const show = shower(options, activations);
    const keyValues: KeyValues[] = [];
    let resid = startLayer > 0 ? residualRows(requireResid(options)) : this.#shownEmbedding(tokens, layout, show);
    const runsToEnd = logitsAt !== 'none' || keepKeyValues || wantsFinalNorm(show);
    const end = runsToEnd ? nLayers : layersLookedAt(show, nLayers);
    for (let layer = startLayer; layer < end; layer++) {
      const lastOnly = layer === nLayers - 1 && logitsAt !== 'all' && !wantsFinalNorm(show);
      const fixed = prefix?.layers[layer];
      const at = { layer, group: { ...group, fixed: fixed === undefined ? [] : [fixed] }, layout };
      const { residPost, own } = this.#runLayer(resid, at, { show, keepKeyValues, lastOnly });
      resid.dispose();
      resid = residPost;
      keyValues.push(...own);
    }
    return { logits: this.#logits(resid, layout, logitsAt, show), keyValues };
  }

  #shownEmbedding(tokens: readonly (readonly number[])[], layout: Layout, show: Show): Tensor2D {
    return this.withPositions(show('hook_embed', null, this.embed(tokens), layout) as Tensor2D, layout.group);
  }

  /** One layer; where nobody looks, by the way that keeps nothing, and for the last position alone if that is enough. */
  #runLayer(
    resid: Tensor2D,
    { layer, group, layout }: { layer: number; group: RowGroup; layout: Layout },
    { show, keepKeyValues, lastOnly }: { show: Show; keepKeyValues: boolean; lastOnly: boolean },
  ): { residPost: Tensor2D; own: KeyValues[] } {
    const wants = (hook: BlockHook): boolean => show.wants(blockHook(layer, hook));
    if (!looksAt(show, layer))
      return this.withBlock(layer, (block) => passBlock(block, resid, [group], { lastOnly, keepKeyValues }));
    const see = <T extends Tensor>(hook: BlockHook, x: T): T => show(hook, layer, x, layout) as T;
    const point: ActivationPoint = Object.assign(see, { wants });
    return this.withBlock(layer, (block) =>
      scoped(() => {
        const { residPost, attn } = runBlock(block, resid, [group], { point });
        return { residPost, own: keepKeyValues ? attn.map(({ own }) => own) : [] };
      }),
    );
  }

  #logits(resid: Tensor2D, layout: Layout, at: 'all' | 'last' | 'none', show: Show): Tensor | null {
    const { group } = layout;
    const last = (x: Tensor2D): Tensor2D => (x.shape[0] === group.cells ? x : lastRows(x, group));
    if (!wantsFinalNorm(show) && at !== 'all')
      return at === 'none' ? null : this.unembed(this.finalNorm(last(resid)).normalized);
    const { normalized } = shownNorm(
      this.lnFinal,
      resid,
      (part, of) => show(`ln_final.hook_${part}`, null, of, layout) as Tensor2D,
    );
    if (at === 'none') return null;
    if (at === 'last') return this.unembed(last(normalized));
    return toCanonical('hook_embed', this.unembed(normalized), layout);
  }
}

function requireTokens(tokens: readonly (readonly number[])[], dVocab: number): void {
  const length = tokens[0]?.length ?? 0;
  if (length === 0) throw new TokensError('are none; give a sequence of at least one');
  const other = tokens.find((sequence) => sequence.length !== length);
  if (other !== undefined) throw new TokensError(`have rows of ${length} and ${other.length}; give rows of one length`);
  const bad = tokens.flat().find((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (bad !== undefined) throw new TokensError(`have the id ${bad}; give ids from 0 to ${dVocab - 1}`);
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
