/**
 * Logits as metrics read them: of a few tokens, by as many rows of W_U; and of the whole vocabulary, for a few rows of the
 * residual stream at a time, so that memory does not grow with the cells of a sweep.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { scoped, softcap, softcapVjp } from '@demur/model/engine';
import type { Transformer } from '@demur/model/engine';

/** One token's logit a pair, of normalized rows [n · pairs, dModel], pairs varying fastest. */
export interface PairLogits {
  /** [n, pairs] */
  value(normalized: Tensor2D, pairs: number): Tensor2D;
  /** Of rows of all pairs: [pairs, dModel]. */
  gradient(normalized: Tensor2D): Tensor2D;
}

/** Rows [n · pairs, dModel], pairs varying fastest, times one row a pair [pairs, dModel] → [n, pairs]. */
export function rowProducts(normalized: Tensor2D, rows: Tensor2D): Tensor2D {
  const [pairs, width] = rows.shape;
  return normalized.reshape([-1, pairs, width]).mul(rows).sum<Tensor2D>(-1);
}

/** The logit of `tokens[p]` in pair p's rows. */
export function pairLogits(model: Transformer, tokens: readonly number[]): PairLogits {
  const { logitSoftcap: cap } = model.config;
  const value = (normalized: Tensor2D, pairs: number): Tensor2D =>
    softcap(rowProducts(normalized, model.unembeddingRows(tokens.slice(0, pairs))), cap);
  return {
    value,
    gradient: (normalized) => {
      const rows = model.unembeddingRows(tokens);
      if (cap === null) return rows;
      const logits = value(normalized, tokens.length);
      return softcapVjp(logits, tf.onesLike(logits), cap).transpose<Tensor2D>().mul(rows);
    },
  };
}

/** log Σ exp(logit) over a set of tokens, alike in all rows. */
export interface SetLogits {
  /** Normalized rows [rows, dModel] → [rows]. */
  value(normalized: Tensor2D): Tensor1D;
  /** [rows, dModel] */
  gradient(normalized: Tensor2D): Tensor2D;
}

/** Over a few tokens: as many rows of W_U. */
export function setLogits(model: Transformer, tokens: readonly number[]): SetLogits {
  const { logitSoftcap: cap } = model.config;
  const logits = (normalized: Tensor2D, rows: Tensor2D): Tensor2D =>
    softcap(tf.matMul<Tensor2D>(normalized, rows, false, true), cap);
  return {
    value: (normalized) => tf.logSumExp(logits(normalized, model.unembeddingRows(tokens)), -1),
    gradient: (normalized) => {
      const rows = model.unembeddingRows(tokens);
      const capped = logits(normalized, rows);
      return tf.matMul(softcapVjp(capped, tf.softmax(capped), cap), rows);
    },
  };
}

/** Far below every logit: what it is added to counts for nothing. Finite, since shaders need not know infinities. */
const NOTHING = -1e30;

/** Over the whole vocabulary, or all of it but `without`. */
export function restLogits(model: Transformer, without: readonly number[] = []): SetLogits {
  const masked = (logits: Tensor2D): Tensor2D => {
    if (without.length === 0) return logits;
    const mask = new Float32Array(model.config.dVocab);
    for (const token of without) mask[token] = NOTHING;
    return logits.add(tf.tensor2d(mask, [1, mask.length]));
  };
  return {
    value: (normalized) => byChunks(model, normalized, (logits) => tf.logSumExp(masked(logits), -1)),
    gradient: (normalized) =>
      byChunks(model, normalized, (logits) => model.unembedVjp(logits, tf.softmax(masked(logits)))),
  };
}

/** Bytes of logits at a time: enough rows for a fast product, little beside a model that has such a vocabulary. */
const CHUNK_BYTES = 32 * 2 ** 20;

/**
 * `of` the logits [rows, dVocab] of normalized rows, some rows at a time, its results joined.
 * @param of is told the index of its first row.
 */
export function byChunks<T extends Tensor1D | Tensor2D>(
  model: Transformer,
  normalized: Tensor2D,
  of: (logits: Tensor2D, first: number) => T,
): T {
  const [rows, width] = normalized.shape;
  const bytes = Math.min(CHUNK_BYTES, model.activationBytes / 8);
  const most = Math.max(1, Math.floor(bytes / (4 * model.config.dVocab)));
  const parts: T[] = [];
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    parts.push(scoped(() => of(model.unembed(normalized.slice([first, 0], [count, width])), first)));
  }
  return parts.length === 1 ? (parts[0] as T) : tf.concat(parts, 0);
}
