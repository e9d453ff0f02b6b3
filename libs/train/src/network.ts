/**
 * The engine's modules with weights that can be trained: the loss of a batch, and its gradients by automatic
 * differentiation through the same `runBlock` that every experiment runs. Not the optimizer.
 */
import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { randomStream, type ModelConfig } from '@demur/model';
import { blockFrom, frequencies, norm, normFrom, rotationsOf, runBlock, type RowGroup } from '@demur/model/engine';
import type { Sequence } from './sequences.ts';

export interface WeightShape {
  name: string;
  shape: number[];
}

/** So many lengths share a group. */
const LENGTHS = 12;

/** The token of rows after a sequence's end: any would do. */
const FILLER = 0;

/**
 * The last dimensions of the residual stream are for speech: the unembedding reads them alone, and neither the embedding nor
 * a layer before `fromLayer` writes to them. So what those layers find cannot be words of the answer already.
 */
export interface Speech {
  dimensions: number;
  fromLayer: number;
}

/** Trained weights by name, and the loss. */
export class Network {
  readonly variables: Map<string, tf.Variable>;
  readonly config: ModelConfig;
  readonly #speech: Speech | undefined;

  constructor(
    config: ModelConfig,
    shapes: readonly WeightShape[],
    { seed, speech }: { seed: number; speech?: Speech },
  ) {
    this.config = config;
    this.#speech = speech;
    this.variables = new Map(
      shapes.map((of, i) => [of.name, initial(config, of, randomStream(seed, i), this.#isZero(of.name))]),
    );
  }

  /** Whether a column of a weight is held at 0; undefined where none is. */
  #isZero(name: string): ((column: number) => boolean) | undefined {
    if (this.#speech === undefined) return undefined;
    const { dimensions, fromLayer } = this.#speech;
    const first = this.config.dModel - dimensions;
    if (name === 'unembed.W_U') return (column) => column < first;
    const layer = name === 'embed.W_E' ? -1 : Number(/^blocks\.(\d+)\.\w+\.(W_O|W_out)$/.exec(name)?.[1] ?? fromLayer);
    return layer < fromLayer ? (column) => column >= first : undefined;
  }

  dispose(): void {
    tf.dispose([...this.variables.values()]);
  }

  /** Mean over the tokens that count, by their weights, of −log p(token | those before); and its gradients, in the variables' order. */
  lossAndGradients(batch: readonly Sequence[]): { loss: Scalar; gradients: Tensor[] } {
    const list = [...this.variables.values()];
    const { value, grads } = tf.variableGrads(() => this.loss(batch), list);
    const gradients = [...this.variables].map(([name, variable]) => this.#open(name, grads[variable.name]!));
    return { loss: value, gradients };
  }

  /** A gradient, which it frees, without the columns that are held at 0. */
  #open(name: string, gradient: Tensor): Tensor {
    const isZero = this.#isZero(name);
    if (isZero === undefined) return gradient;
    const open = tf.tidy(() =>
      gradient.mul(Array.from({ length: this.config.dModel }, (_, at) => (isZero(at) ? 0 : 1))),
    );
    gradient.dispose();
    return open;
  }

  loss(batch: readonly Sequence[]): Scalar {
    return tf.tidy(() => {
      const groups = this.#groups(batch);
      const rows = groups.flatMap(({ sequences, group }) => rowsOf(sequences, group.positions));
      const logits = this.#logits(
        rows.map(({ token }) => token),
        groups.map(({ group }) => group),
      );
      const targets = tf.oneHot(
        rows.map(({ next }) => next),
        this.config.dVocab,
      );
      const weights = tf.tensor1d(rows.map(({ weight }) => weight));
      return tf.logSoftmax(logits).mul(targets).sum(1).mul(weights).sum().div<Scalar>(weights.sum()).neg();
    });
  }

  /**
   * Sequences of similar lengths are one group, in which the shorter ones are followed by rows that no token attends to and
   * that do not count: far fewer operations for a few more rows. The last token of a sequence predicts nothing.
   */
  #groups(batch: readonly Sequence[]): { sequences: Sequence[]; group: RowGroup }[] {
    const byLength = Map.groupBy(batch, ({ tokens }) => Math.ceil((tokens.length - 1) / LENGTHS) * LENGTHS);
    return [...byLength].map(([positions, sequences]) => {
      const { positions: kind, dHead } = this.config;
      if (kind.kind !== 'rotary') throw new TypeError('positions are rotary');
      const rotations = rotationsOf(frequencies(kind, dHead, positions), 0, positions);
      return { sequences, group: { cells: sequences.length, positions, start: 0, rotations, fixed: [] } };
    });
  }

  /** [rows, dVocab] */
  #logits(tokens: readonly number[], groups: readonly RowGroup[]): Tensor2D {
    const { config } = this;
    const variable = <T extends Tensor>(name: string): T => this.variables.get(name) as unknown as T;
    const W_E = variable<Tensor2D>('embed.W_E');
    // A product, since not every backend has the gradient of a gather.
    let resid: Tensor2D = tf.matMul(tf.oneHot([...tokens], config.dVocab).toFloat(), W_E);
    for (let layer = 0; layer < config.nLayers; layer++)
      resid = runBlock(blockFrom(config, layer, variable), resid, groups).residPost;
    const normalized = norm(normFrom(config, 'ln_final', variable), resid).normalized;
    return tf.matMul(normalized, config.tiedEmbeddings ? W_E : variable<Tensor2D>('unembed.W_U'), false, true);
  }
}

interface Row {
  token: number;
  next: number;
  weight: number;
}

/** Position-major, as a group's rows lie. */
function rowsOf(sequences: readonly Sequence[], positions: number): Row[] {
  return Array.from({ length: positions }, (_, at) =>
    sequences.map(({ tokens, weights }) => ({
      ...{ token: tokens[at] ?? FILLER, next: tokens[at + 1] ?? FILLER },
      weight: weights[at + 1] ?? 0,
    })),
  ).flat();
}

/** Standard deviation of random matrices; of those that write to the residual stream less, by its depth (GPT-2's rule). */
const SPREAD = 0.02;

function initial(
  { nLayers }: ModelConfig,
  { name, shape }: WeightShape,
  random: () => number,
  isZero: (column: number) => boolean = () => false,
): tf.Variable {
  const size = shape.reduce((product, length) => product * length, 1);
  const isNorm = shape.length === 1;
  const columns = shape.at(-1)!;
  const spread = /W_O$|W_out$/.test(name) ? SPREAD / Math.sqrt(2 * nLayers) : SPREAD * 2;
  const values = isNorm
    ? new Float32Array(size).fill(1)
    : Float32Array.from({ length: size }, (_, at) => (isZero(at % columns) ? 0 : spread * normal(random)));
  return tf.tidy(() => tf.variable(tf.tensor(values, shape), true));
}

/** Box and Muller 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
