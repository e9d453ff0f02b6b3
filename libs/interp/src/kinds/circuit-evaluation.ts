import { isSenderMean } from '../circuit-runs/ablation.ts';
import { namedEdgeIssues } from '../edges/edge-list.ts';
import { summariseEvaluation } from '../evaluation/summarise-evaluation.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Kind } from './kind.ts';

export const circuitEvaluation: Kind<'circuit-evaluation'> = {
  issues({ options: { circuit, kvHeads, sizes = [] } }, { config }) {
    const { edgeCount } = buildGraph(config, kvHeads);
    const tooLarge = sizes.flatMap((size, at) => {
      const message = `${size} is more than the ${edgeCount} edges of the model's ${kvHeads} graph`;
      return size > edgeCount ? [{ path: `options.sizes[${at}]`, message }] : [];
    });
    if (!Array.isArray(circuit)) return tooLarge;
    return namedEdgeIssues(circuit, { path: 'options.circuit', kvHeads, config });
  },
  // All shards choose by the scores of all pairs, and put in the means of all.
  rounds({ options: { scores, ablation } }) {
    const isScored = scores !== undefined && 'method' in scores;
    return [...(isScored ? ['attribute'] : []), ...(ablation === 'mean' ? ['mean'] : []), 'evaluate'];
  },
  mergeRule(name) {
    if (name === 'scores' || isSenderMean(name)) return 'mean';
    return name.startsWith('baseline.') ? 'firstAxis' : 'lastAxis';
  },
  summarise: summariseEvaluation,
};
