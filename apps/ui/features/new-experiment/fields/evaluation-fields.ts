/** Options of running a circuit alone. */
import type { OptionField } from '../option-field.ts';
import { kvHeads, methodWords, methodHint, ablation, scoresFile, foundScores } from './shared-fields.ts';

export const circuitEvaluation: OptionField[] = [
  {
    path: 'circuit.way',
    label: 'Circuits',
    control: 'way',
    words: {
      made: 'Of growing size, by new scores',
      experiment: 'Of growing size, by the scores of an experiment',
      scores: 'Of growing size, by a file',
      edges: 'One, by its edges',
      found: 'One, of a circuit discovery',
      file: 'One, from a file',
    },
    start: 'made',
  },
  {
    path: 'scores.method',
    label: 'Scores by',
    control: 'segmented',
    words: methodWords,
    start: 'eap-ig',
    hint: methodHint,
    when: { 'circuit.way': ['made'] },
  },
  { ...foundScores, when: { 'circuit.way': ['experiment'] } },
  { ...scoresFile, when: { 'circuit.way': ['scores'] } },
  {
    path: 'circuit',
    label: 'Edges',
    control: 'lines',
    reads: 'list',
    hint: 'Names such as m0->a1.h2<q>, one a line',
    when: { 'circuit.way': ['edges'] },
  },
  {
    path: 'circuit.experiment',
    label: 'Circuit of',
    control: 'text',
    hint: 'The id of a circuit discovery on the same model',
    when: { 'circuit.way': ['found'] },
  },
  {
    path: 'circuit.file',
    label: 'Circuit',
    control: 'text',
    hint: 'On the server: a file of a circuit, or the folder of a circuit discovery',
    when: { 'circuit.way': ['file'] },
  },
  {
    path: 'select',
    label: 'Edges chosen',
    control: 'segmented',
    words: { 'top-n': 'Strongest', greedy: 'Greedily from the logits' },
    start: 'greedy',
    when: { 'circuit.way': ['made', 'experiment', 'scores'] },
  },
  {
    path: 'sizes',
    label: 'Sizes',
    control: 'text',
    reads: 'list',
    hint: 'Numbers of edges; empty for the shares of the MIB benchmark, 0.1 % to 100 %',
    when: { 'circuit.way': ['made', 'experiment', 'scores'] },
  },
  ablation,
  kvHeads,
  { path: 'completeness', label: 'Run the complement as well, for completeness', control: 'flag' },
];
