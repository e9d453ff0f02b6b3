/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864). Halves are rotated against each other, as in Hugging
 * Face's `rotate_half`: out = x cos + [−x₂, x₁] sin. By one product with a rotation matrix a column, which reads its rows
 * once, where the elementwise formula reads and writes them nine times; but for so many columns that the matrices get large.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor3D } from '@tensorflow/tfjs';
import type { RopeScaling, RotaryPositions } from '../config.ts';

/** Llama 3.1: long wavelengths are stretched by `factor`, short ones not, those between smoothly. */
function llama3(frequency: number, scaling: Extract<RopeScaling, { kind: 'llama3' }>): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const turns = (originalContext * frequency) / (2 * Math.PI);
  const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return share * frequency + ((1 - share) * frequency) / factor;
}

/**
 * Radians a column that each pair of dimensions turns by, [dHead / 2]. Formulas are Hugging Face's modeling_rope_utils.
 * @param length tokens of the whole sequence, which `dynamic` scaling depends on.
 */
export function frequencies({ theta, scaling }: RotaryPositions, dHead: number, length: number): number[] {
  const plain = (base: number): number[] => Array.from({ length: dHead / 2 }, (_, i) => base ** ((-2 * i) / dHead));
  if (scaling === null) return plain(theta);
  switch (scaling.kind) {
    case 'linear':
      return plain(theta).map((frequency) => frequency / scaling.factor);
    case 'factors':
      return plain(theta).map((frequency, i) => frequency / (scaling.factors[i] ?? 1));
    case 'dynamic': {
      const { factor, originalContext } = scaling;
      const stretch = (factor * Math.max(length, originalContext)) / originalContext - (factor - 1);
      return plain(theta * stretch ** (dHead / (dHead - 2)));
    }
    case 'llama3':
      return plain(theta).map((frequency) => llama3(frequency, scaling));
  }
}

/**
 * How some columns turn: a matrix a column [positions, dHead, dHead], for row vectors (x R); or cosines and sines of their
 * angles, [positions, 1, dHead / 2] each.
 */
export type Rotations = { matrices: Tensor3D } | { cos: Tensor3D; sin: Tensor3D };

/** Elements of all matrices up to which they are used: 32 MiB. */
const MATRIX_ELEMENTS = 2 ** 23;

/**
 * Rotations of the columns `start` … `start + positions − 1`. Angles are rounded to float32 as in Hugging Face, where models
 * were trained with them.
 */
export function rotationsOf(frequencies: readonly number[], start: number, positions: number): Rotations {
  const half = frequencies.length;
  const angle = (p: number, i: number): number => Math.fround((start + p) * Math.fround(frequencies[i] as number));
  if (positions * (2 * half) ** 2 <= MATRIX_ELEMENTS) return { matrices: rotationMatrices(angle, positions, half) };
  const of = (f: (x: number) => number): Tensor3D => {
    const values = Float32Array.from({ length: positions * half }, (_, at) =>
      f(angle(Math.floor(at / half), at % half)),
    );
    return tf.tensor3d(values, [positions, 1, half]);
  };
  return { cos: of(Math.cos), sin: of(Math.sin) };
}

function rotationMatrices(angle: (p: number, i: number) => number, positions: number, half: number): Tensor3D {
  const dHead = 2 * half;
  const values = new Float32Array(positions * dHead * dHead);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const [cos, sin, at] = [Math.cos(angle(p, i)), Math.sin(angle(p, i)), p * dHead * dHead];
      values[at + i * dHead + i] = cos;
      values[at + (i + half) * dHead + i + half] = cos;
      values[at + (i + half) * dHead + i] = -sin;
      values[at + i * dHead + i + half] = sin;
    }
  }
  return tf.tensor3d(values, [positions, dHead, dHead]);
}

/** Those of the columns from the `first` one on. */
export function rotationsFrom(rotations: Rotations, first: number): Rotations {
  if ('matrices' in rotations) return { matrices: rotations.matrices.slice(first) };
  return { cos: rotations.cos.slice(first), sin: rotations.sin.slice(first) };
}

/**
 * Turns x [positions, heads of all cells, dHead], each position by its rotation; `back` applies the inverse. Without rotations
 * (positions are learned) x stays as it is.
 */
export function rotate(x: Tensor3D, rotations: Rotations | null, back = false): Tensor3D {
  if (rotations === null) return x;
  if ('matrices' in rotations) return tf.matMul(x, rotations.matrices, false, back);
  const { cos } = rotations;
  const sin = back ? rotations.sin.neg<Tensor3D>() : rotations.sin;
  const [first, second] = tf.split(x, 2, 2) as [Tensor3D, Tensor3D];
  const turned: Tensor3D[] = [
    first.mul<Tensor3D>(cos).sub(second.mul(sin)),
    second.mul<Tensor3D>(cos).add(first.mul(sin)),
  ];
  return tf.concat3d(turned, 2);
}
