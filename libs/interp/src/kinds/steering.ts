import { sweepCompletions, takeCompletions } from '../generation/completions.ts';
import { layerIssues } from '../spec/fit-issues.ts';
import type { Kind } from './kind.ts';

export const steering: Kind<'steering'> = {
  issues: ({ options: { layers } }, { config }) => layerIssues(layers, 'options.layers', config),
  mergeRule: () => 'secondAxis',
  summarise(_, arrays, { tokenizer }) {
    const made = takeCompletions(arrays, tokenizer);
    return made === undefined ? {} : { completions: sweepCompletions(made) };
  },
};
