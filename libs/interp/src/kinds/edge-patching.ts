import { edgeIssues, edgeNames } from '../edges/edge-list.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Kind } from './kind.ts';

export const edgePatching: Kind<'edge-patching'> = {
  issues: ({ options }, { config }) => edgeIssues(options, config),
  mergeRule(name) {
    if (name === 'effects') return 'mean';
    return name === 'effects.pair' ? 'lastAxis' : 'firstAxis';
  },
  summarise: (_, _arrays, { shardSpec: { options }, config }) => ({
    edges: edgeNames(options.edges, buildGraph(config, options.kvHeads)),
  }),
};
