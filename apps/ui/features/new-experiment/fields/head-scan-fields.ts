/** Options of patching every head. */
import type { OptionField } from '../option-field.ts';
import { patchingDirection } from './shared-fields.ts';

export const headScan: OptionField[] = [
  patchingDirection,
  {
    path: 'position',
    label: 'Position',
    control: 'segmented',
    words: { all: 'All at once', last: 'The last' },
  },
  {
    path: 'choice.way',
    label: 'Heads chosen',
    control: 'way',
    words: { threshold: 'By a threshold', top: 'The strongest' },
    start: 'threshold',
  },
  {
    path: 'threshold',
    label: 'Threshold',
    control: 'text',
    reads: 'number',
    hint: 'Least refusal score of a head: its effect as a share of clean less corrupted',
    when: { 'choice.way': ['threshold'] },
  },
  {
    path: 'top',
    label: 'How many',
    control: 'text',
    reads: 'number',
    start: '10',
    when: { 'choice.way': ['top'] },
  },
  {
    path: 'validate',
    label: 'Validation of the chosen heads together',
    control: 'checks',
    words: { patch: 'patch', ablate: 'ablate', steer: 'steer' },
  },
  {
    path: 'coefficients',
    label: 'Coefficients',
    control: 'text',
    reads: 'list',
    hint: 'What the heads’ direction is multiplied by when it steers',
  },
];
