import { columnIssues } from '../spec/fit-issues.ts';
import type { Kind } from './kind.ts';

export const activationPatching: Kind<'activation-patching'> = {
  issues: ({ options: { positions } }, { columns }) =>
    typeof positions === 'string' ? [] : columnIssues(positions, 'options.positions', columns),
  mergeRule: (name) => (name.startsWith('baseline.') ? 'firstAxis' : 'lastAxis'),
  summarise: ({ options: { positions } }) => (typeof positions === 'string' ? {} : { positions }),
};
