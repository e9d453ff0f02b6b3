/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864) as one product with a rotation matrix a column.
 * Halves are rotated against each other, as in Hugging Face's `rotate_half`: out = x cos + [−x₂, x₁] sin.
 * One product reads its rows once; the elementwise formula reads and writes them seven times.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs';

/**
 * Rotations of the columns `start` … `start + positions − 1`: [positions, dHead, dHead], for row vectors (x R).
 * Attention depends on differences of columns alone, so sequences aligned to the right need no position ids.
 */
export function rotationMatrices(options: {
  start: number;
  positions: number;
  dHead: number;
  theta: number;
}): Tensor3D {
  const { start, positions, dHead, theta } = options;
  const half = dHead / 2;
  const values = new Float32Array(positions * dHead * dHead);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const angle = (start + p) * theta ** ((-2 * i) / dHead);
      const [cos, sin, at] = [Math.cos(angle), Math.sin(angle), p * dHead * dHead];
      values[at + i * dHead + i] = cos;
      values[at + (i + half) * dHead + i + half] = cos;
      values[at + (i + half) * dHead + i] = -sin;
      values[at + i * dHead + i + half] = sin;
    }
  }
  return tf.tensor3d(values, [positions, dHead, dHead]);
}

/** Rotates x [positions, cells, heads, dHead] by each position's matrix; `back` applies the inverse, the transpose. */
export function rotate(x: Tensor4D, rotations: Tensor3D, back = false): Tensor4D {
  const [positions, cells, heads, dHead] = x.shape;
  return tf.matMul(x.reshape([positions, cells * heads, dHead]), rotations, false, back).reshape(x.shape);
}
