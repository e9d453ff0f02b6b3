/**
 * Circuits' runs on all pairs of a shard, in its order. Where the runs of all pairs fit beside the weights they are made once
 * and held; else some pairs at a time, again for each list of circuits.
 */
import type { Transformer } from '@demur/model/engine';
import { openMetric } from '../metrics/open-metric.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { MetricSpec } from '../spec/metric.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import type { PairBlock, PlacedPair } from '../suffix/pair-block.ts';
import { openCircuitRuns } from './circuit-runs.ts';
import type { CircuitBaselines, CircuitRunOptions, CircuitRuns } from './circuit-runs.ts';
import { pairsAtOnce } from './plan-circuits.ts';

interface ShardCircuitsOptions extends Omit<CircuitRunOptions, 'metric'>, Pick<ShardWork, 'cancel' | 'readings'> {
  metric: MetricSpec;
  /** Pairs whose runs are held at a time, at most; by default as many as fit beside the weights. */
  mostPairs?: number;
}

interface OpenBlock {
  block: PairBlock;
  runs: CircuitRuns;
}

/** Holds tensors: `dispose`. */
export class ShardCircuits {
  readonly #model: Transformer;
  readonly #options: ShardCircuitsOptions;
  readonly #pairs: number;
  /** Pairs whose runs are held together. */
  readonly #parts: PlacedPair[][];
  readonly #baselines: CircuitBaselines;
  /** The runs of the only part. */
  #held: OpenBlock[] = [];
  #start: Uint8Array | null = null;

  private constructor(model: Transformer, { pairs }: Pick<Shard, 'pairs'>, options: ShardCircuitsOptions) {
    this.#model = model;
    this.#options = options;
    this.#pairs = pairs.length;
    const none = (): Float32Array => new Float32Array(pairs.length).fill(NaN);
    this.#baselines = { clean: none(), corrupted: none(), ablated: none() };
    const placed = pairs.map(({ pair }, place) => ({ place, pair }));
    const most = options.mostPairs ?? pairsAtOnce(model, placed, options.ablation);
    const count = Math.max(1, Math.ceil(placed.length / most));
    const first = (part: number): number => Math.floor((part * placed.length) / count);
    this.#parts = Array.from({ length: count }, (_, part) => placed.slice(first(part), first(part + 1)));
  }

  static async open(
    model: Transformer,
    shard: Pick<Shard, 'pairs'>,
    options: ShardCircuitsOptions,
  ): Promise<ShardCircuits> {
    const circuits = new ShardCircuits(model, shard, options);
    const [only, ...others] = circuits.#parts;
    if (others.length === 0) circuits.#held = await circuits.#openPart(only!);
    return circuits;
  }

  /** `baseline.clean`, `baseline.corrupted` and `baseline.ablated` [pair]; of pairs that are not all held, once circuits have been run. */
  get baselines(): ShardArrays {
    const ofPairs = Object.entries(this.#baselines) as [string, Float32Array][];
    return Object.fromEntries(
      ofPairs.map(([name, values]) => [`baseline.${name}`, { shape: [values.length], values }]),
    );
  }

  /** See CircuitRuns. */
  startFrom(circuit: Uint8Array): void {
    this.#start = circuit;
    for (const { runs } of this.#held) runs.startFrom(circuit);
  }

  /** The metric of circuits, [circuit, pair]. */
  async run(circuits: readonly Uint8Array[], onStep: (share: number) => void = () => undefined): Promise<Float32Array> {
    const all = new Float32Array(circuits.length * this.#pairs);
    for (const [at, part] of this.#parts.entries()) {
      const share = (of: number): void => onStep((at + of) / this.#parts.length);
      if (this.#held.length > 0) await this.#runBlocks(this.#held, circuits, { all, share });
      else await this.#runPart(part, circuits, { all, share });
    }
    return all;
  }

  dispose(): void {
    disposeAll(this.#held);
    this.#held = [];
  }

  async #runPart(part: PlacedPair[], circuits: readonly Uint8Array[], into: Into): Promise<void> {
    const blocks = await this.#openPart(part);
    try {
      if (this.#start !== null) for (const { runs } of blocks) runs.startFrom(this.#start);
      await this.#runBlocks(blocks, circuits, into);
    } finally {
      disposeAll(blocks);
    }
  }

  async #runBlocks(blocks: OpenBlock[], circuits: readonly Uint8Array[], { all, share }: Into): Promise<void> {
    for (const [at, { block, runs }] of blocks.entries()) {
      const values = await runs.run(circuits, (of) => share((at + of) / blocks.length));
      const count = block.pairs.length;
      for (const circuit of circuits.keys())
        for (const [i, { place }] of block.pairs.entries())
          all[circuit * this.#pairs + place] = values[circuit * count + i]!;
    }
  }

  async #openPart(part: PlacedPair[]): Promise<OpenBlock[]> {
    const { metric: spec, readings, mostPairs: _, ...options } = this.#options;
    const opened: OpenBlock[] = [];
    try {
      for (const block of pairBlocks(part)) {
        const metric = await openMetric(this.#model, spec, { pairs: block.pairs, readings });
        const runs = await openCircuitRuns(this.#model, block, { ...options, metric, readings });
        opened.push({ block, runs });
        this.#readBaselines(block, runs.baselines);
      }
      return opened;
    } catch (error) {
      disposeAll(opened);
      throw error;
    }
  }

  #readBaselines({ pairs }: PairBlock, baselines: CircuitBaselines): void {
    for (const name of ['clean', 'corrupted', 'ablated'] as const)
      for (const [i, { place }] of pairs.entries()) this.#baselines[name][place] = baselines[name][i]!;
  }
}

/** Where a run's values go, and who hears of its progress. */
interface Into {
  /** [circuit, pair] */
  all: Float32Array;
  share: (of: number) => void;
}

function disposeAll(blocks: readonly OpenBlock[]): void {
  for (const { runs } of blocks) runs.dispose();
}
