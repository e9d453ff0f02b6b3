/** Options of finding a circuit. */
import type { OptionField } from '../option-field.ts';
import { kvHeads, methodWords, methodHint, ablation, scoresFile, foundScores } from './shared-fields.ts';

export const circuitDiscovery: OptionField[] = [
  {
    path: 'method',
    label: 'Method',
    control: 'segmented',
    words: { 'top-n': 'Top n', threshold: 'Threshold', greedy: 'Greedy', acdc: 'ACDC', 'acdc++': 'ACDC++' },
    hint: 'By scores: the n strongest, all above a threshold, or greedily from the logits backwards. ACDC tries every edge in the running circuit; ACDC++ only those that EAP leaves.',
  },
  {
    path: 'n',
    label: 'Edges',
    control: 'text',
    reads: 'number',
    hint: 'How many the circuit has; as usual if empty',
    when: { method: ['top-n', 'greedy'] },
  },
  {
    path: 'tau',
    label: 'Threshold τ',
    control: 'text',
    reads: 'number',
    hint: 'In units of the metric: by scores, the least that an edge has; in ACDC, what removing it may cost',
    when: { method: ['threshold', 'acdc', 'acdc++'] },
  },
  {
    path: 'pruneTo',
    label: 'Edges to try',
    control: 'text',
    reads: 'number',
    hint: 'How many of the strongest by EAP are tried; as usual if empty',
    when: { method: ['acdc++'] },
  },
  {
    path: 'scores.way',
    label: 'Scores',
    control: 'way',
    words: { usual: 'As usual for the method', made: 'Made by', found: 'Of an experiment', file: 'From a file' },
    start: 'usual',
    when: { method: ['top-n', 'threshold', 'greedy', 'acdc++'] },
  },
  {
    path: 'scores.method',
    label: 'Scores by',
    control: 'segmented',
    words: methodWords,
    start: 'eap-ig',
    hint: methodHint,
    when: { 'scores.way': ['made'], method: ['top-n', 'threshold', 'greedy', 'acdc++'] },
  },
  { ...foundScores, when: { 'scores.way': ['found'], method: ['top-n', 'threshold', 'greedy', 'acdc++'] } },
  { ...scoresFile, when: { 'scores.way': ['file'], method: ['top-n', 'threshold', 'greedy', 'acdc++'] } },
  ablation,
  {
    path: 'dangling',
    label: 'Dangling nodes',
    control: 'segmented',
    words: { prune: 'Prune', keep: 'Keep' },
    hint: 'Nodes of the circuit that no way from the input to the logits passes',
  },
  kvHeads,
];
