/** Options of patching activations and of reading them. */
import type { OptionField } from '../option-field.ts';
import { patchingDirection } from './shared-fields.ts';

export const activationPatching: OptionField[] = [
  patchingDirection,
  { path: 'activations', label: 'Activations', control: 'checks', start: ['resid_pre', 'attn_out', 'mlp_out'] },
  {
    path: 'layers',
    label: 'Layers',
    control: 'segmented',
    words: { each: 'One at a time', 'up-to': 'All up to one' },
    hint: 'All layers up to one can be patched at once with attn_out and mlp_out: what each of them adds.',
  },
  {
    path: 'positions',
    label: 'Positions',
    control: 'text',
    reads: 'list',
    hint: 'each, all, last, or a list of roles and columns such as object, after-object, -1',
  },
];

export const activations: OptionField[] = [
  {
    path: 'names',
    label: 'Hook names',
    control: 'lines',
    reads: 'list',
    start: 'blocks.*.hook_resid_pre',
    hint: 'One or more, * for every layer',
  },
  { path: 'gradients', label: 'Gradients of the metric as well', control: 'flag' },
  {
    path: 'logits',
    label: 'Logits',
    control: 'segmented',
    words: { none: 'No logits', last: 'Last position', all: 'All positions' },
  },
];
