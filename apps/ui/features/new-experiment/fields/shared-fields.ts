/** Options that several kinds have. */
import type { OptionField } from '../option-field.ts';

export const patchingDirection: OptionField = {
  path: 'direction',
  label: 'Direction of patching',
  control: 'segmented',
  words: { denoising: 'Denoising: clean into corrupted', noising: 'Noising: corrupted into clean' },
};

export const kvHeads: OptionField = {
  path: 'kvHeads',
  label: 'Key and value heads',
  control: 'select',
  hint: 'Native keeps the heads that the model has; expanded repeats them for every query head, as other tools do.',
};

export const methodWords = { eap: 'EAP', 'eap-ig': 'EAP-IG' };

export const methodHint =
  'EAP takes the gradient in the clean run; EAP-IG the mean of those at steps from the corrupted to it.';

export const ablation: OptionField = {
  path: 'ablation',
  label: 'Ablation',
  control: 'segmented',
  words: { corrupted: 'Corrupted activation', zero: 'Zero', mean: 'Mean over corrupted runs' },
  hint: 'What edges outside of the circuit carry.',
};

export const scoresFile: OptionField = {
  path: 'scores.file',
  label: 'Scores',
  control: 'text',
  hint: 'On the server: the folder of a result, or a .safetensors file',
};

export const foundScores: OptionField = {
  path: 'scores.experiment',
  label: 'Scores of',
  control: 'text',
  hint: 'The id of an attribution, or of a circuit discovery, on the same model',
};
