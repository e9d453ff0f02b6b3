/** From what shards ask of the engine to seconds, by the pace that was measured. Arithmetic alone. */
import type { ModelConfig } from '@demur/model';
import type { Calibration, Pace } from './calibration.ts';
import { blockFlops, type BlockWork, type WorkCount } from './work-count.ts';

/** What paces are of. */
interface Paced {
  config: ModelConfig;
  calibration: Calibration;
  /** Of one block, as float32. */
  blockBytes: number;
}

/** Seconds that a worker computes for a shard. */
export function shardSeconds(count: WorkCount, { config, calibration, blockBytes }: Paced): number {
  const { forward, backward } = calibration;
  const flops = blockFlops(config);
  const blocks = (work: BlockWork, pace: Pace): number =>
    work.calls * pace.call +
    (work.rows - work.keyRows * (1 - flops.keys / flops.all)) * pace.row +
    work.rowKeys * pace.key;
  // A pass over the unembedding for few rows takes what it takes to read it, as a block's call does.
  const unembedding = forward.call * ((4 * config.dVocab * config.dModel) / blockBytes);
  return (
    blocks(count.forward, forward) +
    blocks(count.backward, backward) +
    count.flops * (forward.row / flops.all) +
    count.operations * calibration.operation +
    count.floats * calibration.float +
    count.unembeddings * unembedding
  );
}

/** When the last of the shards ends, each begun by the first worker that is free. */
export function makespan(seconds: readonly number[], workers: number): number {
  const free = new Array<number>(workers).fill(0);
  for (const each of seconds) {
    const first = free.indexOf(Math.min(...free));
    free[first]! += each;
  }
  return Math.max(...free);
}
