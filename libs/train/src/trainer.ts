/** Next-token training, step by step, that can be stopped and gone on with. Not what it trains on, and no files. */
import * as tf from '@tensorflow/tfjs';
import type { NamedArray } from '@demur/interp';
import { Adam, clipping } from './adam.ts';
import type { Network } from './network.ts';
import type { Sequence } from './sequences.ts';

export interface Schedule {
  steps: number;
  /** Of the learning rate, which grows over `warmup` steps and falls along a half cosine to a twentieth. */
  rate: number;
  warmup: number;
  /** Gradients' norm, at most. */
  clip: number;
}

export interface StepReport {
  step: number;
  loss: number;
  /** Of all gradients together, before they were clipped. */
  gradientNorm: number;
  rate: number;
}

const ADAM = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.05 };

/** Part of the highest rate at the end (Loshchilov and Hutter 2017, arXiv 1608.03983, with a floor). */
const LAST_RATE = 0.05;

/** The learning rate of step `step`, counted from 1. */
export function rateAt(step: number, { steps, rate, warmup }: Schedule): number {
  const falling = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return rate * Math.min(1, step / warmup) * falling;
}

export class Trainer {
  readonly #network: Network;
  readonly #schedule: Schedule;
  readonly #adam: Adam;
  #step = 0;

  constructor(network: Network, schedule: Schedule) {
    this.#network = network;
    this.#schedule = schedule;
    this.#adam = new Adam([...network.variables.values()], ADAM);
  }

  /** Steps that were made. */
  get step(): number {
    return this.#step;
  }

  /** Frees the optimizer's tensors; the network is the caller's. */
  dispose(): void {
    this.#adam.dispose();
  }

  /** One step on a batch. @throws RangeError when the loss is no number, before any weight has changed */
  async train(batch: readonly Sequence[]): Promise<StepReport> {
    const variables = [...this.#network.variables.values()];
    const { loss: of, gradients } = this.#network.lossAndGradients(batch);
    const loss = (await of.data())[0]!;
    const { norm, factor } = await clipping(gradients, this.#schedule.clip);
    const step = this.#step + 1;
    const rate = rateAt(step, this.#schedule);
    try {
      if (!Number.isFinite(loss)) throw new RangeError(`the loss of step ${step} is ${loss}; lower the learning rate`);
      this.#adam.apply(variables, gradients, { step, rate, factor });
    } finally {
      tf.dispose([of, ...gradients]);
    }
    this.#step = step;
    return { step, loss, gradientNorm: norm, rate };
  }

  /** Weights, moments and the step: what `resume` goes on from. */
  async checkpoint(): Promise<Record<string, NamedArray>> {
    const arrays: Record<string, NamedArray> = { step: { shape: [1], values: Float32Array.of(this.#step) } };
    const entries = [...this.#network.variables].flatMap(([name, variable], i) => {
      const { first, second } = this.#adam.moments[i]!;
      return [
        [name, variable],
        [`first.${name}`, first],
        [`second.${name}`, second],
      ] as const;
    });
    for (const [name, variable] of entries)
      arrays[name] = { shape: variable.shape, values: Float32Array.from(await variable.data()) };
    return arrays;
  }

  /** @throws RangeError for a checkpoint of another network */
  resume(arrays: Record<string, NamedArray>): void {
    const valueOf = (name: string, shape: number[]): tf.Tensor => {
      const array = arrays[name];
      if (array === undefined || array.shape.join() !== shape.join())
        throw new RangeError(
          `the checkpoint has no "${name}" of shape [${shape.join(', ')}]: it is of another network`,
        );
      return tf.tensor(array.values, array.shape);
    };
    tf.tidy(() => {
      for (const [i, [name, variable]] of [...this.#network.variables].entries()) {
        const { first, second } = this.#adam.moments[i]!;
        variable.assign(valueOf(name, variable.shape));
        first.assign(valueOf(`first.${name}`, variable.shape));
        second.assign(valueOf(`second.${name}`, variable.shape));
      }
    });
    this.#step = arrays['step']!.values[0]!;
  }
}
