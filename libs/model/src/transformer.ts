/**
 * The transformer: tokens in, logits and whatever activations were asked for out; hooks and captures are arguments, and
 * nothing outlives a call. Two doors: `forward` and `gradients` in canonical shapes, and the parts that the patching
 * and attribution engines build on (`withBlock`, `group`, `finalNorm`), in the layout of a pass.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Block } from './block.ts';
import { blockFrom, normFrom } from './block-weights.ts';
import { norm } from './components/norm.ts';
import type { NormTrace, NormWeights } from './components/norm.ts';
import { frequencies, rotationsOf } from './components/rotary.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import type { ModelConfig } from './config.ts';
import { addPositions, embedTokens } from './embedding.ts';
import { DemurError } from './errors.ts';
import { runForward } from './forward.ts';
import type { ForwardOptions, Prefix, Run } from './forward.ts';
import { gradientsAt } from './gradients.ts';
import type { FinalGradient } from './gradients.ts';
import type { HookName } from './hooks.ts';
import { ownedTensor } from './owned-tensor.ts';
import { tapeBudget } from './tape-bytes.ts';
import { Unembedding } from './unembedding.ts';
import { openWeights } from './weights/model-weights.ts';
import type { ModelWeights, WeightRecipe, WeightValues } from './weights/model-weights.ts';

/** More columns than a model with learned positions has. */
export class ContextLengthError extends DemurError {
  constructor(columns: number, nCtx: number) {
    super('CONTEXT_LENGTH', `a sequence of ${columns} tokens, and the model has ${nCtx} positions; shorten it`);
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
  readonly #unembedding: Unembedding;
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
      this.#unembedding = recipe.#unembedding;
      this.lnFinal = recipe.lnFinal;
      return;
    }
    this.#weights = openWeights(recipe);
    this.#owned = [];
    this.#blocks = [];
    this.#unembedding = new Unembedding(config, this.#weights);
    this.lnFinal = normFrom(config, 'ln_final', (name) => this.#tensor(this.#weights.values(name), this.#owned));
    for (let layer = 0; layer < (this.#weights.isResident ? config.nLayers : 0); layer++)
      this.#weights.withBlock(layer, -1, (weightOf) => this.#blocks.push(this.#block(layer, weightOf, this.#owned)));
  }

  /** Frees the weights' tensors; of streamed weights also files, threads and memory. Of borrowed weights, nothing. */
  dispose(): void {
    if (this.#borrows) return;
    tf.dispose(this.#owned);
    this.#unembedding.dispose();
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
    return tapeBudget(this.activationBytes);
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

  /** A tensor over the values, which is freed with `owner`. */
  #tensor<T extends Tensor>(of: WeightValues, owner: Tensor[]): T {
    const tensor = ownedTensor<T>(of);
    owner.push(tensor);
    return tensor;
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
    return embedTokens({ config: this.config, weights: this.#weights }, tokens);
  }

  /** Token embeddings as they enter the first block at a group's columns: with learned positions, where a model has such. */
  withPositions(embedded: Tensor2D, group: Pick<RowGroup, 'cells' | 'positions' | 'start'>): Tensor2D {
    return addPositions({ config: this.config, weights: this.#weights }, embedded, group);
  }

  /** W_U's rows of some tokens: [tokens.length, dModel]. */
  unembeddingRows(tokens: readonly number[]): Tensor2D {
    return this.#unembedding.rows(tokens);
  }

  /** Normalized final residual stream [rows, dModel] → logits [rows, dVocab]. */
  unembed(normalized: Tensor2D): Tensor2D {
    return this.#unembedding.logits(normalized);
  }

  /** Vector-Jacobian product of `unembed`: gradient at its `logits` [rows, dVocab] → at what it read, [rows, dModel]. */
  unembedVjp(logits: Tensor2D, dLogits: Tensor2D): Tensor2D {
    return this.#unembedding.vjp(logits, dLogits);
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
    return runForward(this, tokens, options);
  }

  /** Gradients of a metric at activations, in canonical shapes; the caller disposes them. See gradients.ts. */
  gradients(
    tokens: readonly (readonly number[])[],
    metric: FinalGradient,
    at: readonly HookName[],
  ): Map<HookName, Tensor> {
    return gradientsAt(this, tokens, { metric, at });
  }
}
