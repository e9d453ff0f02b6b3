import { takeBootstrap } from '../attribution/bootstrap.ts';
import { pathOf } from '../attribution/path.ts';
import { UNIT_PREFIX } from '../attribution/score-sums.ts';
import { takeExactCheck } from '../edges/exact-check.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Kind } from './kind.ts';

export const attribution: Kind<'attribution'> = {
  // A check patches the edges that the scores of all pairs choose.
  rounds: ({ options }) => (options.checkExact > 0 ? ['attribute', 'check'] : ['attribute']),
  mergeRule: (name) => (name.startsWith(UNIT_PREFIX) ? 'sum' : 'mean'),
  keptBytes({ options }, { clean, firstDifference }, { nLayers, nHeads, dModel }) {
    // Differences of all senders, once as parts and once joined (again where pairs or positions are told apart), and the inputs.
    const { bootstrap, perPosition } = options;
    const copies = 2 + (bootstrap > 0 ? 1 : 0) + (perPosition ? 1 : 0);
    const rows = clean.length - firstDifference;
    return nLayers * rows * 4 * dModel * (copies * (nHeads + 1) + 1 + pathOf(options).length);
  },
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
