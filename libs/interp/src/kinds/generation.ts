import { takeCompletions } from '../generation/completions.ts';
import { layerIssues } from '../spec/fit-issues.ts';
import { refusalsOf } from '../steering/refusal-words.ts';
import type { Kind } from './kind.ts';

export const generation: Kind<'generation'> = {
  issues: ({ options: { interventions } }, { config }) =>
    interventions.flatMap(({ layers }, i) => layerIssues(layers, `options.interventions[${i}].layers`, config)),
  mergeRule: () => 'firstAxis',
  summarise(spec, arrays, { tokenizer }) {
    const completions = takeCompletions(arrays, tokenizer)!.list;
    return { ...refusalsOf(completions, spec.options), completions };
  },
};
