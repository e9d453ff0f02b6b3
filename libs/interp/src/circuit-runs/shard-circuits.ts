/** Circuits' runs on all pairs of a shard: those of its blocks, in the shard's order. */
import type { Transformer } from '@demur/model/engine';
import { openCircuitRuns } from './circuit-runs.ts';
import type { CircuitBaselines, CircuitRunOptions, CircuitRuns } from './circuit-runs.ts';
import { openMetric } from '../metrics/open-metric.ts';
import type { Shard, ShardWork } from '../shard.ts';
import type { MetricSpec } from '../spec/metric.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

type BlockOptions = Omit<CircuitRunOptions, 'metric' | 'readings' | 'cancel'> & { metric: MetricSpec };

/** The runs of a shard's blocks; `dispose` frees them. */
export class ShardCircuits {
  readonly #pairs: number;
  readonly #blocks: { block: PairBlock; runs: CircuitRuns }[] = [];

  private constructor(pairs: number) {
    this.#pairs = pairs;
  }

  static async open(
    model: Transformer,
    { pairs }: Pick<Shard, 'pairs'>,
    { cancel, readings, metric: spec, ...options }: BlockOptions & Pick<ShardWork, 'cancel' | 'readings'>,
  ): Promise<ShardCircuits> {
    const circuits = new ShardCircuits(pairs.length);
    try {
      for (const block of pairBlocks(pairs.map(({ pair }, place) => ({ place, pair })))) {
        const metric = await openMetric(model, spec, { pairs: block.pairs, readings });
        const runs = await openCircuitRuns(model, block, { ...options, metric, readings, cancel });
        circuits.#blocks.push({ block, runs });
      }
      return circuits;
    } catch (error) {
      circuits.dispose();
      throw error;
    }
  }

  /** By pair. */
  baseline(name: keyof CircuitBaselines): Float32Array {
    const values = new Float32Array(this.#pairs);
    for (const { block, runs } of this.#blocks)
      for (const [i, { place }] of block.pairs.entries()) values[place] = runs.baselines[name][i]!;
    return values;
  }

  /** The metric of circuits, [circuit, pair]. */
  async run(circuits: readonly Uint8Array[], onStep?: (share: number) => void): Promise<Float32Array> {
    const all = new Float32Array(circuits.length * this.#pairs);
    for (const [at, { block, runs }] of this.#blocks.entries()) {
      const values = await runs.run(circuits, (share) => onStep?.((at + share) / this.#blocks.length));
      const count = block.pairs.length;
      for (const circuit of circuits.keys())
        for (const [i, { place }] of block.pairs.entries())
          all[circuit * this.#pairs + place] = values[circuit * count + i]!;
    }
    return all;
  }

  /** See CircuitRuns. */
  startFrom(circuit: Uint8Array): void {
    for (const { runs } of this.#blocks) runs.startFrom(circuit);
  }

  dispose(): void {
    for (const { runs } of this.#blocks) runs.dispose();
  }
}
