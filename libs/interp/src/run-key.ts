/**
 * The hash that tells whether a shard of an earlier run may stand for one of this run: everything that its numbers depend on.
 * Not the spec's hash, which knows neither the weights nor what computes.
 */
import { createHash } from 'node:crypto';
import type { EnginePool } from './engine/pool.ts';
import type { ModelRef } from './engine/protocol.ts';
import type { PreparedExperiment } from './run.ts';
import { encodeSafetensors } from './safetensors.ts';
import type { Shard } from './shard.ts';
import { canonicalJson } from './spec.ts';
import { versions } from './versions.ts';

/**
 * SHA-256, in hex, of what the shards run and are given, the weights, the plan with its pairs, and the engine: its backend, precision,
 * threads within an operation and versions. Workers are not part of it, and neither is the budget beyond the plan: they move
 * numbers by the rounding of float32 at most.
 */
export async function runKey(
  { shardSpec, given, source }: PreparedExperiment,
  { pool, model, shards }: { pool: EnginePool; model: ModelRef; shards: Shard[] },
): Promise<string> {
  const { weightsSha256 } = await source.identity();
  const engine = {
    ...{ backend: pool.backend, version: pool.backendVersion, precision: pool.precision },
    ...{ mode: model.residency.mode, threads: model.residency.mode === 'streamed' ? pool.workers : 1 },
    ...{ architecture: process.arch, versions: versions() },
  };
  return createHash('sha256')
    .update(canonicalJson({ ...shardSpec, model: weightsSha256 }))
    .update(encodeSafetensors(given))
    .update(canonicalJson(shards))
    .update(canonicalJson(engine))
    .digest('hex');
}
