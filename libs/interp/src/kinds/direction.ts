import { summariseDirection } from '../direction/summarise.ts';
import { headIssues, layerIssues } from '../spec/fit-issues.ts';
import type { Kind } from './kind.ts';

export const direction: Kind<'direction'> = {
  issues: ({ options: { layers, heads } }, { config }) => [
    ...layerIssues(layers, 'options.layers', config),
    ...headIssues(heads, config),
  ],
  // A direction is the mean over all pairs first; what it does to each of them comes second.
  rounds: () => ['find', 'try'],
  mergeRule(name) {
    if (name === 'directions') return 'mean';
    return name.startsWith('baseline.') ? 'firstAxis' : 'lastAxis';
  },
  summarise: (spec, arrays, { config }) => summariseDirection(spec, arrays, config),
};
