/** The final residual stream into logits, and back. Not the final norm, which comes before. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { scoped } from './components/scoped.ts';
import { softcap, softcapVjp } from './components/softcap.ts';
import type { ModelConfig } from './config.ts';
import { ownedTensor } from './owned-tensor.ts';
import type { ModelWeights } from './weights/model-weights.ts';

/** W_U [dVocab, dModel] with the soft cap that there may be; whole where weights stay in memory, else a chunk of rows at a time. */
export class Unembedding {
  readonly #config: Pick<ModelConfig, 'dModel' | 'logitSoftcap'>;
  readonly #weights: ModelWeights;
  readonly #name: string;
  /** Made when first asked for: a metric of a few tokens needs their rows alone. */
  #whole: Tensor2D | null = null;

  constructor(config: ModelConfig, weights: ModelWeights) {
    this.#config = config;
    this.#weights = weights;
    this.#name = config.tiedEmbeddings ? 'embed.W_E' : 'unembed.W_U';
  }

  dispose(): void {
    this.#whole?.dispose();
  }

  /** The rows of some tokens: [tokens.length, dModel]. */
  rows(tokens: readonly number[]): Tensor2D {
    return tf.tensor2d(this.#weights.rows(this.#name, tokens), [tokens.length, this.#config.dModel]);
  }

  /** Normalized final residual stream [rows, dModel] → logits [rows, dVocab]. */
  logits(normalized: Tensor2D): Tensor2D {
    const logits = this.#weights.isResident
      ? tf.matMul<Tensor2D>(normalized, this.#wholeMatrix(), false, true)
      : this.#logitsByChunks(normalized);
    return softcap(logits, this.#config.logitSoftcap);
  }

  /**
   * Vector-Jacobian product of `logits`: the gradient at logits [rows, dVocab] → at the normalized final residual stream,
   * [rows, dModel].
   * @param logits what that gave: the slope of a soft cap is told from it.
   */
  vjp(logits: Tensor2D, dLogits: Tensor2D): Tensor2D {
    return scoped(() => {
      const dRaw = softcapVjp(logits, dLogits, this.#config.logitSoftcap);
      return this.#weights.isResident ? tf.matMul(dRaw, this.#wholeMatrix()) : this.#vjpByChunks(dRaw);
    });
  }

  #wholeMatrix(): Tensor2D {
    this.#whole ??= ownedTensor<Tensor2D>(this.#weights.values(this.#name));
    return this.#whole;
  }

  /** The sum over chunks of the unembedding of their columns' gradients times their rows. */
  #vjpByChunks(dRaw: Tensor2D): Tensor2D {
    const count = dRaw.shape[0];
    let sum: Tensor2D = tf.zeros([count, this.#config.dModel]);
    let column = 0;
    for (const { values, rows } of this.#weights.chunks(this.#name)) {
      const [before, start] = [sum, column];
      sum = scoped(() => {
        const chunk = tf.tensor2d(values as unknown as Float32Array, [rows, this.#config.dModel]);
        return before.add<Tensor2D>(tf.matMul(dRaw.slice([0, start], [count, rows]), chunk));
      });
      before.dispose();
      column += rows;
    }
    return sum;
  }

  /** Columns of logits for as many rows of the unembedding as are in memory at a time, joined. */
  #logitsByChunks(normalized: Tensor2D): Tensor2D {
    return scoped(() => {
      const parts: Tensor2D[] = [];
      for (const { values, rows } of this.#weights.chunks(this.#name)) {
        const chunk = tf.tensor2d(values as unknown as Float32Array, [rows, this.#config.dModel]);
        parts.push(tf.matMul(normalized, chunk, false, true));
        chunk.dispose();
      }
      return parts.length === 1 ? (parts[0] as Tensor2D) : tf.concat2d(parts, 1);
    });
  }
}
