import { isSenderMean } from '../circuit-runs/ablation.ts';
import { isAcdc } from '../discovery/chosen-circuit.ts';
import { summariseDiscovery } from '../discovery/summarise-discovery.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Kind } from './kind.ts';

export const circuitDiscovery: Kind<'circuit-discovery'> = {
  issues({ options: { n, kvHeads } }, { config }) {
    const { edgeCount } = buildGraph(config, kvHeads);
    if (n === undefined || n <= edgeCount) return [];
    return [{ path: 'options.n', message: `${n} is more than the ${edgeCount} edges of the model's ${kvHeads} graph` }];
  },
  rounds(spec) {
    const { scores, ablation } = spec.options;
    const isScored = scores !== undefined && 'method' in scores;
    return [
      ...(ablation === 'mean' ? ['mean'] : []),
      ...(isScored ? ['attribute'] : []),
      ...(isAcdc(spec) ? ['search'] : []),
      'evaluate',
    ];
  },
  // Whether an edge goes depends on the metric of all pairs, and the next test on that.
  together: ['search'],
  mergeRule: (name) => (name === 'scores' || isSenderMean(name) ? 'mean' : 'firstAxis'),
  summarise: summariseDiscovery,
};
