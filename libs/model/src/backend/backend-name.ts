/** The backends by name, best first, and what the process that holds one needs in its environment. Tensor-free. */

export const backendNames = ['tensorflow', 'webgpu', 'wasm'] as const;

/** A backend that runs tensor operations. */
export type BackendName = (typeof backendNames)[number];

/** What a user may ask for: `auto` takes the first of `backendNames` that loads; WebGPU only on a GPU. */
export type BackendChoice = BackendName | 'auto';

/**
 * Environment variables for a process that will open backends. They must be there when it starts: TensorFlow reads
 * them as its library loads, and what a worker thread writes to `process.env` never reaches it. On a GPU it takes memory
 * as it needs it, not all at once, and products are in full float32 unless NVIDIA_TF32_OVERRIDE=1 was asked for.
 *
 * `threads` counts TensorFlow's threads within one operation. One a worker is right for small work: one worker a core.
 */
export function backendEnvironment(threads = 1): Record<string, string> {
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_FORCE_GPU_ALLOW_GROWTH: process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ?? 'true',
    NVIDIA_TF32_OVERRIDE: process.env['NVIDIA_TF32_OVERRIDE'] ?? '0',
    TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '2',
  };
}
