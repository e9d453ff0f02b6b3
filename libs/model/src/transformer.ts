/**
 * The transformer: tokens in, logits and whatever activations were asked for out; hooks and captures are arguments, and
 * nothing outlives a call. Two doors: `forward` and `gradients` in canonical shapes, and the parts that the patching
 * and attribution engines build on (`withBlock`, `group`, `finalNorm`), in the layout of a pass.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { runBlock } from './block.ts';
import type { ActivationPoint, Block } from './block.ts';
import { residualRows, toCanonical } from './canonical.ts';
import type { Layout } from './canonical.ts';
import { rmsNorm } from './components/rms-norm.ts';
import type { RmsNormTrace, RmsNormWeights } from './components/rms-norm.ts';
import { rotationMatrices } from './components/rotary.ts';
import { lastRows } from './components/row-groups.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';
import type { ModelConfig } from './config.ts';
import { gradientsAt } from './gradients.ts';
import type { MetricGradient } from './gradients.ts';
import { blockHook } from './hooks.ts';
import type { BlockHook, HookName } from './hooks.ts';
import { freeingOnError, shower } from './showing.ts';
import type { Hooks, Show } from './showing.ts';
import { hasWeight, weight } from './weights/weight-store.ts';
import type { WeightStore } from './weights/weight-store.ts';

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
  logitsAt?: 'all' | 'last' | 'none';
  /** Gives back the pass's own keys and values, so that a later pass can continue it. */
  keepKeyValues?: boolean;
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

export class Transformer {
  readonly config: ModelConfig;
  readonly #blocks: readonly Block[];
  readonly lnFinal: RmsNormWeights;
  readonly #store: WeightStore;
  readonly #owned: Tensor[];
  #unembedding: Tensor2D | null = null;

  constructor(config: ModelConfig, store: WeightStore) {
    this.config = config;
    this.#store = store;
    this.#owned = [];
    this.#blocks = Array.from({ length: config.nLayers }, (_, layer) => this.#block(layer));
    this.lnFinal = this.#norm('ln_final.w');
  }

  /** Frees the weights' tensors. The store belongs to the caller. */
  dispose(): void {
    tf.dispose(this.#owned);
    this.#unembedding?.dispose();
  }

  /**
   * Runs `work` with the weights of layer `layer`. They may be brought from disk for the call, so nothing made of them alone
   * (a view of W_O) may leave it; what was computed with them may.
   * @param ahead the layer that will be asked for next, read while this one computes; by default the one above.
   */
  withBlock<T>(layer: number, work: (block: Block) => T, ahead = layer + 1): T {
    const block = this.#blocks[layer];
    if (block === undefined) throw new RangeError(`layer ${layer} of ${this.#blocks.length} (then ${ahead})`);
    return work(block);
  }

  #tensor<T extends Tensor>(name: string): T {
    const { values, shape } = weight(this.#store, name);
    const tensor = tf.tensor(values as unknown as Float32Array, shape, 'float32');
    this.#owned.push(tensor);
    return tensor as T;
  }

  #norm(name: string): RmsNormWeights {
    return { w: this.#tensor(name), eps: this.config.norm.eps };
  }

  #block(layer: number): Block {
    const { nHeads, nKvHeads, dHead } = this.config;
    const of = <T extends Tensor>(name: string): T => this.#tensor(`blocks.${layer}.${name}`);
    const some = (name: string): Tensor1D | undefined =>
      hasWeight(this.#store, `blocks.${layer}.${name}`) ? of<Tensor1D>(name) : undefined;
    return {
      shape: { nHeads, nKvHeads, dHead },
      ln1: this.#norm(`blocks.${layer}.ln1.w`),
      attn: {
        W_Q: of('attn.W_Q'),
        W_K: of('attn.W_K'),
        W_V: of('attn.W_V'),
        W_O: of('attn.W_O'),
        b_Q: some('attn.b_Q'),
        b_K: some('attn.b_K'),
        b_V: some('attn.b_V'),
        b_O: some('attn.b_O'),
      },
      ln2: this.#norm(`blocks.${layer}.ln2.w`),
      mlp: {
        W_gate: of('mlp.W_gate'),
        W_in: of('mlp.W_in'),
        W_out: of('mlp.W_out'),
        b_gate: some('mlp.b_gate'),
        b_in: some('mlp.b_in'),
        b_out: some('mlp.b_out'),
      },
    };
  }

  /** A row group of `cells` sequences over the columns from `start` on. The caller disposes `rotations`. */
  group(options: { cells: number; start: number; positions: number; fixed?: KeyValues[] }): RowGroup {
    const { cells, start, positions, fixed = [] } = options;
    const { dHead, positions: kind } = this.config;
    if (kind.kind !== 'rotary') throw new TypeError(`positions of kind ${kind.kind}`);
    const rotations = rotationMatrices({ start, positions, dHead, theta: kind.theta });
    return { cells, positions, start, rotations, fixed };
  }

  /** Token embeddings as rows of a pass: tokens [batch][position] → [position · batch, dModel]. */
  embed(tokens: readonly (readonly number[])[]): Tensor2D {
    const { dModel } = this.config;
    const [batch, positions] = [tokens.length, tokens[0]?.length ?? 0];
    const table = weight(this.#store, 'embed.W_E').values;
    const rows = new Float32Array(positions * batch * dModel);
    tokens.forEach((sequence, cell) => {
      sequence.forEach((token, position) => {
        rows.set(table.subarray(token * dModel, (token + 1) * dModel), (position * batch + cell) * dModel);
      });
    });
    return tf.tensor2d(rows, [positions * batch, dModel]);
  }

  /** W_U's rows of some tokens: [tokens.length, dModel]. */
  unembeddingRows(tokens: readonly number[]): Tensor2D {
    const { dModel } = this.config;
    const table = this.#unembeddingValues();
    const rows = new Float32Array(tokens.length * dModel);
    tokens.forEach((token, i) => {
      rows.set(table.subarray(token * dModel, (token + 1) * dModel), i * dModel);
    });
    return tf.tensor2d(rows, [tokens.length, dModel]);
  }

  #unembeddingValues(): Float32Array {
    return weight(this.#store, this.config.tiedEmbeddings ? 'embed.W_E' : 'unembed.W_U').values;
  }

  /** Normalized final residual stream [rows, dModel] → logits [rows, dVocab]. */
  unembed(normalized: Tensor2D): Tensor2D {
    const { dVocab, dModel } = this.config;
    this.#unembedding ??= tf.keep(tf.tensor2d(this.#unembeddingValues(), [dVocab, dModel]));
    return tf.matMul(normalized, this.#unembedding, false, true);
  }

  /** The final norm of rows [rows, dModel]. */
  finalNorm(resid: Tensor2D): RmsNormTrace {
    return rmsNorm(this.lnFinal, resid);
  }

  /** The prefix's keys and values: tokens [1 or batch][position] → one entry a layer. The caller disposes them. */
  prefix(tokens: readonly (readonly number[])[]): Prefix {
    const length = tokens[0]?.length ?? 0;
    if (length === 0) return { length, layers: [] };
    const layers = scoped(() => {
      const group = this.group({ cells: tokens.length, start: 0, positions: length });
      const kept: KeyValues[] = [];
      let resid = this.embed(tokens);
      for (let layer = 0; layer < this.config.nLayers; layer++) {
        resid = this.withBlock(layer, (block) =>
          scoped(() => {
            const trace = runBlock(block, resid, [group]);
            const own = (trace.attn[0] as (typeof trace.attn)[0]).own;
            kept.push({ keys: tf.keep(own.keys), values: tf.keep(own.values) });
            return trace.residPost;
          }),
        );
      }
      return kept;
    });
    return { length, layers };
  }

  /**
   * One forward pass. Tokens are [batch][position], rows of one length; sequences of different lengths go in different
   * calls, so that there is no padding to be right about.
   */
  forward(tokens: readonly (readonly number[])[], options: ForwardOptions = {}): Run {
    const activations = new Map<HookName, Tensor>();
    const { logits, keyValues } = freeingOnError(activations, () =>
      scoped(() => this.#run(tokens, options, activations)),
    );
    const dispose = (): void => {
      tf.dispose([logits, ...activations.values(), ...keyValues.flatMap(({ keys, values }) => [keys, values])]);
    };
    return { logits, activations, keyValues, dispose };
  }

  /** Gradients of a metric at activations, in canonical shapes; the caller disposes them. See gradients.ts. */
  gradients(
    tokens: readonly (readonly number[])[],
    metric: MetricGradient,
    at: readonly HookName[],
  ): Map<HookName, Tensor> {
    return gradientsAt(this, tokens, { metric, at });
  }

  #run(
    tokens: readonly (readonly number[])[],
    options: ForwardOptions,
    activations: Map<HookName, Tensor>,
  ): Pick<Run, 'logits' | 'keyValues'> {
    const { prefix, startLayer = 0 } = options;
    const size = { cells: tokens.length, start: prefix?.length ?? 0, positions: tokens[0]?.length ?? 0 };
    const group = this.group(size);
    const { nHeads, nKvHeads, dHead } = this.config;
    const layout: Layout = { group, shape: { nHeads, nKvHeads, dHead } };
    const show = shower(options, activations);
    const keyValues: KeyValues[] = [];
    let resid = startLayer > 0 ? residualRows(requireResid(options)) : this.embed(tokens);
    if (startLayer === 0) resid = show('hook_embed', null, resid, layout) as Tensor2D;
    for (let layer = startLayer; layer < this.config.nLayers; layer++) {
      const fixed = prefix?.layers[layer];
      const at = { layer, group: { ...group, fixed: fixed === undefined ? [] : [fixed] }, layout };
      const { residPost, own } = this.#runShown(resid, at, { show, keepsOwn: options.keepKeyValues ?? false });
      resid = residPost;
      if (own !== null) keyValues.push(own);
    }
    return { logits: this.#logits(resid, layout, options.logitsAt ?? 'last', show), keyValues };
  }

  #runShown(
    resid: Tensor2D,
    at: { layer: number; group: RowGroup; layout: Layout },
    { show, keepsOwn }: { show: Show; keepsOwn: boolean },
  ): { residPost: Tensor2D; own: KeyValues | null } {
    const see = <T extends Tensor>(hook: BlockHook, x: T): T => show(hook, at.layer, x, at.layout) as T;
    const wants = (hook: BlockHook): boolean => show.wants(blockHook(at.layer, hook));
    const point: ActivationPoint = Object.assign(see, { wants });
    return this.withBlock(at.layer, (block) =>
      scoped(() => {
        const { residPost, attn } = runBlock(block, resid, [at.group], point);
        return { residPost, own: keepsOwn ? (attn[0]?.own ?? null) : null };
      }),
    );
  }

  #logits(resid: Tensor2D, layout: Layout, at: 'all' | 'last' | 'none', show: Show): Tensor | null {
    const norm = this.finalNorm(resid);
    show('ln_final.hook_scale', null, norm.scale, layout);
    const normalized = show('ln_final.hook_normalized', null, norm.normalized, layout) as Tensor2D;
    if (at === 'none') return null;
    if (at === 'last') return this.unembed(lastRows(normalized, layout.group));
    return toCanonical('hook_embed', this.unembed(normalized), layout);
  }
}

function requireResid({ resid, startLayer }: ForwardOptions): Tensor3D {
  if (resid === undefined) throw new TypeError(`startLayer ${startLayer} needs resid, [batch, position, dModel]`);
  return resid;
}
