/** Options of scoring edges, and of patching them. */
import type { OptionField } from '../option-field.ts';
import { kvHeads, methodWords, methodHint, scoresFile, foundScores } from './shared-fields.ts';

export const attribution: OptionField[] = [
  { path: 'method', label: 'Method', control: 'segmented', words: methodWords, hint: methodHint },
  {
    path: 'steps',
    label: 'Steps',
    control: 'text',
    reads: 'number',
    hint: 'Points on the path from the corrupted to the clean prompt',
    when: { method: ['eap-ig'] },
  },
  kvHeads,
  {
    path: 'bootstrap',
    label: 'Bootstrap',
    control: 'text',
    reads: 'number',
    hint: 'How often the pairs are drawn anew, for an interval of every edge; 0 for none',
  },
  {
    path: 'checkExact',
    label: 'Exact check',
    control: 'text',
    reads: 'number',
    hint: 'How many of the strongest edges, and as many random ones, are patched exactly; 0 for none',
  },
];

export const edgePatching: OptionField[] = [
  {
    path: 'edges.way',
    label: 'Edges',
    control: 'way',
    words: { named: 'By name', strongest: 'The strongest by a file', found: 'The strongest of an experiment' },
    start: 'named',
  },
  {
    path: 'edges',
    label: 'Names',
    control: 'lines',
    reads: 'list',
    hint: 'all, or names such as m0->a1.h2<q>, one a line',
    when: { 'edges.way': ['named'] },
  },
  {
    path: 'edges.top',
    label: 'How many',
    control: 'text',
    reads: 'number',
    start: '100',
    when: { 'edges.way': ['strongest', 'found'] },
  },
  { ...scoresFile, path: 'edges.of', when: { 'edges.way': ['strongest'] } },
  { ...foundScores, path: 'edges.of.experiment', when: { 'edges.way': ['found'] } },
  kvHeads,
  { path: 'perPair', label: 'Keep the effect on every pair as well', control: 'flag' },
];
