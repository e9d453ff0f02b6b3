/** Adam with decoupled weight decay (Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv 1711.05101). */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Variable } from '@tensorflow/tfjs';

export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Of matrices alone. */
  weightDecay: number;
}

export class Adam {
  readonly #options: AdamOptions;
  /** First and second moments, in the variables' order. */
  readonly moments: { first: Variable; second: Variable }[];

  constructor(variables: readonly Variable[], options: AdamOptions) {
    this.#options = options;
    const zero = (of: Variable): Variable => tf.tidy(() => tf.variable(tf.zeros(of.shape), false));
    this.moments = variables.map((of) => ({ first: zero(of), second: zero(of) }));
  }

  dispose(): void {
    for (const { first, second } of this.moments) tf.dispose([first, second]);
  }

  /** Step `step`, counted from 1, on `factor` times the gradients; assigns the variables. */
  apply(
    variables: readonly Variable[],
    gradients: readonly Tensor[],
    { step, rate, factor }: { step: number; rate: number; factor: number },
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const [grown1, grown2] = [1 - beta1 ** step, 1 - beta2 ** step];
    for (const [i, variable] of variables.entries())
      tf.tidy(() => {
        const { first, second } = this.moments[i]!;
        const gradient = gradients[i]!.mul(factor);
        first.assign(first.mul(beta1).add(gradient.mul(1 - beta1)));
        second.assign(second.mul(beta2).add(gradient.square().mul(1 - beta2)));
        const change = first.div(second.div(grown2).sqrt().add(epsilon)).mul(rate / grown1);
        const decay = variable.shape.length > 1 ? 1 - rate * weightDecay : 1;
        variable.assign(variable.mul(decay).sub(change));
      });
  }
}

/** The factor by which gradients come to a norm of at most `most` together (Pascanu et al. 2013), and the norm they had. */
export async function clipping(gradients: readonly Tensor[], most: number): Promise<{ norm: number; factor: number }> {
  const squared = tf.tidy(() => tf.addN(gradients.map((of) => of.square().sum())));
  const norm = Math.sqrt((await squared.data())[0]!);
  squared.dispose();
  return { norm, factor: norm > most ? most / norm : 1 };
}
