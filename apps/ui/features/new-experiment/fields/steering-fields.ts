/** Options of finding a direction, of steering with it, and of writing. */
import type { OptionField } from '../option-field.ts';

const writing: OptionField[] = [
  {
    path: 'run',
    label: 'Prompts',
    control: 'segmented',
    words: { clean: 'Clean', corrupted: 'Corrupted' },
  },
  {
    path: 'maxTokens',
    label: 'Tokens',
    control: 'text',
    reads: 'number',
    start: '32',
    hint: 'How many the model writes at most',
  },
];

export const direction: OptionField[] = [
  {
    path: 'method',
    label: 'Method',
    control: 'segmented',
    words: { 'difference-in-means': 'Difference in means', heads: 'What heads add' },
  },
  {
    path: 'heads',
    label: 'Heads',
    control: 'text',
    reads: 'list',
    hint: 'Such as a12.h3, a14.h0',
    when: { method: ['heads'] },
  },
  { path: 'layers', label: 'Layers', control: 'text', reads: 'list', hint: 'all, or layers such as 12, 13' },
  {
    path: 'position',
    label: 'Positions',
    control: 'text',
    reads: 'list',
    hint: 'Columns from the end or roles, such as -2, -1, object',
  },
  {
    path: 'select',
    label: 'Try each of them, and choose the one whose ablation leaves least of the behaviour',
    control: 'flag',
    start: true,
  },
];

export const steering: OptionField[] = [
  { path: 'mode', label: 'Mode', control: 'segmented', words: { add: 'Add it', ablate: 'Project it out' } },
  {
    path: 'direction.way',
    label: 'Direction from',
    control: 'way',
    words: { file: 'A file', named: 'A named direction', experiment: 'A direction experiment' },
    start: 'file',
  },
  {
    path: 'direction.file',
    label: 'Direction',
    control: 'text',
    start: 'direction.safetensors',
    hint: 'A .safetensors file on the server, in a folder that models may lie in',
    when: { 'direction.way': ['file'] },
  },
  {
    path: 'direction.name',
    label: 'Tensor',
    control: 'text',
    start: 'direction',
    hint: 'Its name in the file, one vector as wide as the model',
    when: { 'direction.way': ['file'] },
  },
  {
    path: 'direction',
    label: 'Direction',
    control: 'text',
    hint: 'The name that it was given on the page of its experiment',
    when: { 'direction.way': ['named'] },
  },
  {
    path: 'direction.experiment',
    label: 'Direction',
    control: 'text',
    hint: 'The id of the experiment, whose selected direction is taken',
    when: { 'direction.way': ['experiment'] },
  },
  {
    path: 'coefficients',
    label: 'Coefficients',
    control: 'text',
    reads: 'list',
    start: '-2, 0, 2',
    hint: 'What it is multiplied by, such as -2, 0, 2',
    when: { mode: ['add'] },
  },
  {
    path: 'layers',
    label: 'Layers',
    control: 'text',
    reads: 'list',
    start: '0',
    hint: 'all, or layers such as 12, 13',
  },
  {
    path: 'positions',
    label: 'Where',
    control: 'segmented',
    words: { all: 'All positions', last: 'The last position' },
  },
  ...writing,
  { path: 'stopAtEos', label: 'Stop where the model ends its turn', control: 'flag', start: true },
];

export const generation: OptionField[] = [
  ...writing,
  {
    path: 'temperature',
    label: 'Temperature',
    control: 'text',
    reads: 'number',
    hint: '0 takes the likeliest token each time',
  },
  {
    path: 'patches',
    label: 'Patches',
    control: 'lines',
    reads: 'json',
    example: '[{ "activation": "resid_pre", "layers": [8], "positions": ["object"] }]',
    hint: 'What of the pair’s other prompt is put in while this one is read: a list as JSON, each with layers and positions; nothing if empty',
  },
];
