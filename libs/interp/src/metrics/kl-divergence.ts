/**
 * KL(clean ‖ run) = Σ p_clean · (log p_clean − log p_run) over the vocabulary, natural logarithms: how far a run's
 * distribution of the next token is from that of the pair's clean run. The sum, not the mean that MIB's code takes. At the
 * clean run itself it is least: the gradient there is zero.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { Readings } from '../readings.ts';
import { byChunks } from './logits.ts';
import { afterNorm } from './metric.ts';
import type { Metric } from './metric.ts';

type Pairs = readonly { pair: Pick<ResolvedPair, 'clean'> }[];

/** Runs the clean prompts first, for what they are compared with. */
export async function klDivergence(model: Transformer, pairs: Pairs, readings: Readings): Promise<Metric> {
  return klDivergenceFrom(model, await cleanLogProbs(model, pairs, readings));
}

/** The same from any runs, by their `finalLogProbs` [pairs, dVocab]. */
export function klDivergenceFrom(model: Transformer, from: Float32Array): Metric {
  const { dVocab } = model.config;
  /** Rows of the reference for `count` rows from `first` on, pairs varying fastest. */
  const reference = (first: number, count: number, of: number): Tensor2D =>
    tf.gather(
      tf.tensor2d(from.subarray(0, of * dVocab), [of, dVocab]),
      Array.from({ length: count }, (_, i) => (first + i) % of),
    );
  return afterNorm(model, {
    value: (normalized, count) =>
      byChunks(model, normalized, (logits, first) => {
        const wanted = reference(first, logits.shape[0], count);
        return wanted
          .exp()
          .mul(wanted.sub(logProbs(logits)))
          .sum<tf.Tensor1D>(-1);
      }).reshape([-1, count]),
    gradient: (normalized) =>
      byChunks(model, normalized, (logits, first) => {
        const wanted = reference(first, logits.shape[0], from.length / dVocab);
        return model.unembedVjp(logits, tf.softmax(logits).sub(wanted.exp()));
      }),
  });
}

/** log p of every token after residual streams behind the last block [rows, dModel]: [rows, dVocab], row-major. */
export async function finalLogProbs(model: Transformer, final: Tensor2D, readings: Readings): Promise<Float32Array> {
  const all: Float32Array[] = [];
  tf.tidy(() => {
    const { normalized } = model.finalNorm(final);
    readings.read(byChunks(model, normalized, logProbs), (values) => void all.push(values.slice()));
  });
  await readings.settle();
  return all[0]!;
}

/** The log softmax of logits [rows, dVocab]: stable, since the largest logit is taken off first. */
function logProbs(logits: Tensor2D): Tensor2D {
  return logits.sub(tf.logSumExp(logits, -1, true));
}

/** Of the clean prompts, at the last position: [pairs, dVocab], row-major. Prompts of one length run together. */
async function cleanLogProbs(model: Transformer, pairs: Pairs, readings: Readings): Promise<Float32Array> {
  const { dVocab } = model.config;
  const all = new Float32Array(pairs.length * dVocab);
  const places = [...pairs.keys()];
  const lengths = Map.groupBy(places, (place) => pairs[place]!.pair.clean.length);
  for (const ofLength of lengths.values()) {
    const run = model.forward(ofLength.map((place) => pairs[place]!.pair.clean));
    try {
      tf.tidy(() =>
        readings.read(logProbs(run.logits as Tensor2D), (values) => {
          for (const [i, place] of ofLength.entries())
            all.set(values.subarray(i * dVocab, (i + 1) * dVocab), place * dVocab);
        }),
      );
    } finally {
      run.dispose();
    }
  }
  await readings.settle();
  return all;
}
