import { takeCompletions } from '../generation/completions.ts';
import { columnIssues, layerIssues } from '../spec/fit-issues.ts';
import { refusalsOf } from '../steering/refusal-words.ts';
import type { Kind } from './kind.ts';

export const generation: Kind<'generation'> = {
  issues: ({ options: { interventions, patches = [] } }, { config, columns }) => [
    ...interventions.flatMap(({ layers }, i) => layerIssues(layers, `options.interventions[${i}].layers`, config)),
    ...patches.flatMap(({ layers, positions }, i) => [
      ...layerIssues(layers, `options.patches[${i}].layers`, config),
      ...(typeof positions === 'string' ? [] : columnIssues(positions, `options.patches[${i}].positions`, columns)),
    ]),
  ],
  mergeRule: () => 'firstAxis',
  summarise(spec, arrays, { tokenizer }) {
    const completions = takeCompletions(arrays, tokenizer)!.list;
    return { ...refusalsOf(completions, spec.options), completions };
  },
};
