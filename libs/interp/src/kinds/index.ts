/** The table of kinds. A method is added here, in execute-shard.ts, and as options in spec/. */
import type { ExperimentKind, ExperimentSpec } from '../spec.ts';
import { activationPatching } from './activation-patching.ts';
import { activations } from './activations.ts';
import { attribution } from './attribution.ts';
import { circuitDiscovery } from './circuit-discovery.ts';
import { circuitEvaluation } from './circuit-evaluation.ts';
import { direction } from './direction.ts';
import { edgePatching } from './edge-patching.ts';
import { generation } from './generation.ts';
import { headScan } from './head-scan.ts';
import type { Kind } from './kind.ts';
import { steering } from './steering.ts';

const kinds: { [K in ExperimentKind]: Kind<K> } = {
  activations,
  'activation-patching': activationPatching,
  attribution,
  'edge-patching': edgePatching,
  'circuit-discovery': circuitDiscovery,
  'circuit-evaluation': circuitEvaluation,
  'head-scan': headScan,
  direction,
  steering,
  generation,
};

/** The entry of a kind, which takes specs of that kind alone. */
export function kindOf({ kind }: { kind: ExperimentKind }): Kind<ExperimentKind> {
  return kinds[kind] as Kind<ExperimentKind>;
}

/** The name of the only round, where a kind has one. */
const ONLY_ROUND = ['run'];

export function roundsOf(spec: ExperimentSpec): string[] {
  return kindOf(spec).rounds?.(spec) ?? ONLY_ROUND;
}
