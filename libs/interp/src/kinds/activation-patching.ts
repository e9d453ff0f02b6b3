import { columnIssues } from '../spec/fit-issues.ts';
import type { Kind } from './kind.ts';

export const activationPatching: Kind<'activation-patching'> = {
  issues: ({ options: { positions } }, { columns }) =>
    typeof positions === 'string' ? [] : columnIssues(positions, columns),
  mergeRule: (name) => (name.startsWith('baseline.') ? 'firstAxis' : 'lastAxis'),
  keptBytes({ options }, { clean, firstDifference }, { nLayers, nHeads, dModel }) {
    const patches = options.activations.reduce((sum, site) => sum + (site === 'z' ? nHeads : 1), 0);
    return nLayers * (clean.length - firstDifference) * 4 * dModel * (4 + patches);
  },
  summarise: ({ options: { positions } }) => (typeof positions === 'string' ? {} : { positions }),
};
