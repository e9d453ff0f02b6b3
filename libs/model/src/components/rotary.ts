/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864) as one product with a rotation matrix a column.
 * Halves are rotated against each other, as in Hugging Face's `rotate_half`: out = x cos + [−x₂, x₁] sin.
 * One product reads its rows once; the elementwise formula reads and writes them seven times.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs';
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
 * Rotations of the columns `start` … `start + positions − 1`: [positions, dHead, dHead], for row vectors (x R).
 * Angles are rounded to float32 as in Hugging Face, where models were trained with them.
 */
export function rotationMatrices(frequencies: readonly number[], start: number, positions: number): Tensor3D {
  const half = frequencies.length;
  const dHead = 2 * half;
  const values = new Float32Array(positions * dHead * dHead);
  for (let p = 0; p < positions; p++) {
    for (const [i, frequency] of frequencies.entries()) {
      const angle = Math.fround((start + p) * Math.fround(frequency));
      const [cos, sin, at] = [Math.cos(angle), Math.sin(angle), p * dHead * dHead];
      values[at + i * dHead + i] = cos;
      values[at + (i + half) * dHead + i + half] = cos;
      values[at + (i + half) * dHead + i] = -sin;
      values[at + i * dHead + i + half] = sin;
    }
  }
  return tf.tensor3d(values, [positions, dHead, dHead]);
}

/**
 * Rotates x [positions, cells, heads, dHead] by each position's matrix; `back` applies the inverse, the transpose. Without
 * matrices (positions are learned) x stays as it is.
 */
export function rotate(x: Tensor4D, rotations: Tensor3D | null, back = false): Tensor4D {
  if (rotations === null) return x;
  const [positions, cells, heads, dHead] = x.shape;
  return tf.matMul(x.reshape([positions, cells * heads, dHead]), rotations, false, back).reshape(x.shape);
}
