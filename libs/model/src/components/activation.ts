/**
 * Nonlinearities of MLPs and their slopes. The smooth ones are x · gate(x), with a gate from 0 to 1: silu σ(x) (Elfwing et
 * al. 2017, arXiv 1702.03118), gelu Φ(x) (Hendrycks and Gimpel 2016, arXiv 1606.08415) and its approximation by tanh.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { Activation } from '../config.ts';

interface Nonlinearity {
  f<T extends Tensor>(x: T): T;
  /** f and f′, from the same parts. */
  withSlope<T extends Tensor>(x: T): { value: T; slope: T };
}

/** Φ(x), the standard normal distribution's. */
function normal<T extends Tensor>(x: T): T {
  const scaled: T = x.mul(Math.SQRT1_2);
  return scaled.erf<T>().add<T>(1).mul(0.5);
}

/** ½ (1 + tanh(a x + b x³)) = σ(2a x + 2b x³), with 2a = √(8/π) and b = 0.044715 a. */
const [TWICE_A, TWICE_B] = [Math.sqrt(8 / Math.PI), 0.044715 * Math.sqrt(8 / Math.PI)];

function nearlyNormal<T extends Tensor>(x: T): T {
  return x.square().mul(TWICE_B).add(TWICE_A).mul<T>(x).sigmoid();
}

export const activations: Record<Activation, Nonlinearity> = {
  silu: {
    f: (x) => x.mul(x.sigmoid()),
    withSlope: <T extends Tensor>(x: T) => {
      const gate: T = x.sigmoid();
      const value: T = x.mul(gate);
      return { value, slope: gate.add<T>(value.sub(value.mul(gate))) };
    },
  },
  gelu: {
    f: (x) => x.mul(normal(x)),
    withSlope: <T extends Tensor>(x: T) => {
      const gate = normal(x);
      const density = x
        .square()
        .mul(-0.5)
        .exp()
        .mul((2 * Math.PI) ** -0.5);
      return { value: x.mul(gate), slope: gate.add<T>(x.mul(density)) };
    },
  },
  'gelu-tanh': {
    f: (x) => x.mul(nearlyNormal(x)),
    withSlope: <T extends Tensor>(x: T) => {
      const gate = nearlyNormal(x);
      const value: T = x.mul(gate);
      const inner = x
        .square()
        .mul(3 * TWICE_B)
        .add(TWICE_A);
      return { value, slope: gate.add<T>(value.sub(value.mul(gate)).mul(inner)) };
    },
  },
  relu: {
    f: (x) => x.relu(),
    withSlope: (x) => ({ value: x.relu(), slope: x.step() }),
  },
};
