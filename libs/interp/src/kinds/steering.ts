import { sweepCompletions, takeCompletions } from '../generation/completions.ts';
import { layerIssues } from '../spec/fit-issues.ts';
import { sweepRefusals } from '../steering/refusal-words.ts';
import { summariseSweep } from '../steering/summarise-sweep.ts';
import type { Kind } from './kind.ts';

export const steering: Kind<'steering'> = {
  issues: ({ options: { layers } }, { config }) => layerIssues(layers, 'options.layers', config),
  mergeRule: (name) => (name.startsWith('baseline.') ? 'firstAxis' : 'secondAxis'),
  summarise(spec, arrays, context) {
    const made = takeCompletions(arrays, context.tokenizer);
    const summary = summariseSweep(spec, arrays, context);
    if (made === undefined) return summary;
    const completions = sweepCompletions(made);
    return { ...summary, ...sweepRefusals(completions, spec.options), completions };
  },
};
