/**
 * The rounds of a circuit discovery, beside the means that ablated edges may carry. `attribute` scores all edges; `search` is
 * ACDC, on all workers at once, since each decision takes the metric of all pairs; `evaluate` runs the circuit that was found.
 */
import type { Transformer } from '@demur/model/engine';
import { attributionShard } from '../attribution/attribution-shard.ts';
import { ablationOf } from '../circuit-runs/ablation.ts';
import { ShardCircuits } from '../circuit-runs/shard-circuits.ts';
import { NotFiniteError } from '../errors.ts';
import { buildGraph } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { acdc } from './acdc.ts';
import type { AcdcState } from './acdc.ts';
import { chosenCircuit, firstCircuit } from './chosen-circuit.ts';
import type { DiscoverySpec } from './chosen-circuit.ts';

/** Tests of ACDC that run ahead together, at most: as many as these tokens go into, of all pairs. */
const TOKENS_AHEAD = 8192;
const MOST_AHEAD = 16;

/** Round `attribute`, also of other kinds that begin with scores: as an attribution's shard. */
export async function discoveryScores(
  model: Transformer,
  spec: SpecOf<'circuit-discovery' | 'circuit-evaluation'>,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { kvHeads, scores } = spec.options;
  if (scores === undefined || !('method' in scores)) throw new TypeError('the scores are given, not made');
  const plain = { perPosition: false, bootstrap: 0, bootstrapTop: 1, checkExact: 0 };
  return attributionShard(
    model,
    { ...spec, kind: 'attribution', options: { ...scores, kvHeads, ...plain } },
    shard,
    work,
  );
}

/** Round `search`: `in_circuit` and `acdc.effects` [sender, receiver], `acdc.counts` [tests, runs, batches]. The same in all shards. */
export async function circuitSearch(
  model: Transformer,
  spec: DiscoverySpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const graph = buildGraph(model.config, spec.options.kvHeads);
  const given = shard.given ?? {};
  const start = firstCircuit(spec, given, graph);
  const circuits = await ShardCircuits.open(model, shard, { ...runOptions(spec, shard), ...work });
  try {
    circuits.startFrom(start);
    const found = await acdc({
      ...{ graph, start, tau: spec.options.tau!, sizeOf: sizeOfEffect(spec) },
      scores: given['scores']?.values ?? null,
      mostAtOnce: Math.max(1, Math.min(MOST_AHEAD, Math.floor(TOKENS_AHEAD / (shard.pairCount * shard.columns)))),
      run: async (masks) => meansOverPairs(await work.exchange(await circuits.run(masks)), masks.length),
      resume: shard.resume && stateOf(shard.resume),
      onBatch(state, { decided, of }) {
        work.onProgress(decided, of);
        work.checkpoint(checkpointOf(state));
      },
    });
    const shape = [graph.senders.length, graph.receivers.length];
    return {
      in_circuit: { shape, values: Float32Array.from(found.inCircuit) },
      'acdc.effects': { shape, values: found.effects },
      'acdc.counts': { shape: [3], values: Float32Array.of(found.tested, found.runs, found.batches) },
    };
  } finally {
    circuits.dispose();
  }
}

/** Round `evaluate`: `circuit.metric`, `baseline.clean`, `baseline.corrupted` and `baseline.ablated` [pair]. */
export async function circuitOutcome(
  model: Transformer,
  spec: DiscoverySpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const circuit = chosenCircuit(spec, shard.given ?? {}, buildGraph(model.config, spec.options.kvHeads));
  const circuits = await ShardCircuits.open(model, shard, { ...runOptions(spec, shard), ...work });
  try {
    const values = await circuits.run([circuit], (share) => work.onProgress(share, 1));
    return {
      'circuit.metric': { shape: [values.length], values },
      ...circuits.baselines,
    };
  } finally {
    circuits.dispose();
  }
}

function runOptions({ metric, options: { kvHeads, ablation } }: DiscoverySpec, { given = {} }: Shard) {
  return { metric, kvHeads, ablation: ablationOf(ablation, given) };
}

/**
 * How large an effect is. Of a KL divergence, which is least for the model itself, as much as it grows, as in the paper: an
 * edge goes that makes it smaller. Of a metric with no such best value, as much as it changes either way.
 */
function sizeOfEffect({ metric }: DiscoverySpec): (effect: number) => number {
  return metric === 'kl-divergence' ? (effect) => effect : Math.abs;
}

/** The mean of each circuit's metric over the pairs of all shards, [circuit, pair] each: in their order, in float64. */
function meansOverPairs(shards: readonly Float32Array[], circuits: number): Float32Array {
  const pairs = shards.reduce((sum, { length }) => sum + length, 0) / circuits;
  return Float32Array.from({ length: circuits }, (_, circuit) => {
    let sum = 0;
    for (const values of shards) {
      const own = values.length / circuits;
      for (let at = circuit * own; at < (circuit + 1) * own; at++) sum += values[at]!;
    }
    if (!Number.isFinite(sum)) throw new NotFiniteError('pairs', 'metric', sum);
    return sum / pairs;
  });
}

/** The state of ACDC as arrays. */
function checkpointOf({ effects, metric, runs, batches, bias, slope }: AcdcState): ShardArrays {
  return {
    'acdc.effects': { shape: [effects.length], values: effects },
    'acdc.state': { shape: [5], values: Float32Array.of(metric, runs, batches, bias, slope) },
  };
}

function stateOf(arrays: ShardArrays): AcdcState {
  const [metric, runs, batches, bias, slope] = arrays['acdc.state']!.values;
  return {
    effects: arrays['acdc.effects']!.values,
    ...{ metric: metric!, runs: runs!, batches: batches!, bias: bias!, slope: slope! },
  };
}
