/** Which paths of a specification the form has a field for. */
import type { FormKind } from './spec-form.ts';

const optionFields: Record<FormKind, readonly string[]> = {
  'activation-patching': ['options.direction', 'options.activations', 'options.positions'],
  attribution: ['options.method', 'options.kvHeads', 'options.bootstrap'],
  direction: ['options.layers', 'options.position'],
  steering: [
    'options.direction',
    'options.direction.name',
    'options.coefficients',
    'options.layers',
    'options.maxTokens',
  ],
  generation: ['options.maxTokens', 'options.temperature'],
  activations: ['options.names', 'options.gradients', 'options.logits'],
};

export const formFields = (kind: FormKind): string[] => ['kind', 'model', 'pairs', 'metric', ...optionFields[kind]];
