import { takeBootstrap } from '../attribution/bootstrap.ts';
import { UNIT_PREFIX } from '../attribution/score-sums.ts';
import { takeExactCheck } from '../edges/exact-check.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Kind } from './kind.ts';

export const attribution: Kind<'attribution'> = {
  // A check patches the edges that the scores of all pairs choose.
  rounds: ({ options }) => (options.checkExact > 0 ? ['attribute', 'check'] : ['attribute']),
  mergeRule: (name) => (name.startsWith(UNIT_PREFIX) ? 'sum' : 'mean'),
  async summarise(spec, arrays, { config, pairCount, signal }) {
    const graph = buildGraph(config, spec.options.kvHeads);
    const { senders, receivers, edgeCount: edges } = graph;
    arrays['mask'] = { shape: [senders.length, receivers.length], values: graph.mask };
    const { bootstrap: resamples, bootstrapTop: top } = spec.options;
    const seed = spec.seed ?? 0;
    const bootstrap =
      resamples === 0
        ? {}
        : { bootstrap: await takeBootstrap(arrays, { graph, pairCount, resamples, top, seed, signal }) };
    const exactCheck = takeExactCheck(spec, arrays, graph);
    return { senders, receivers, edges, ...bootstrap, ...(exactCheck && { exactCheck }) };
  },
};
