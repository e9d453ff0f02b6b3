// The families that can be loaded: one line each.

import { DemurError } from '../errors.ts';
import type { Fields } from '../fields.ts';
import { shown, stringField } from '../fields.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';

const families: readonly Family[] = [llama];

/** A model whose architecture has no mapper here. */
export class UnsupportedArchitectureError extends DemurError {
  constructor(file: string, found: string, supported: readonly string[]) {
    super(
      'UNSUPPORTED_ARCHITECTURE',
      `${file}: architecture ${found} is not supported; supported: ${supported.join(', ')}.`,
    );
  }
}

/** The family of a config.json, by `model_type` and `architectures`. @throws UnsupportedArchitectureError */
export function familyOfHuggingFace(fields: Fields): Family {
  const modelType = stringField(fields, 'model_type');
  const architectures = fields.values.get('architectures') ?? [];
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family !== undefined && Array.isArray(architectures)) {
    if (architectures.every((name) => family.architectures.includes(name as string))) return family;
  }
  const found = `${shown(architectures)} (model_type ${shown(modelType ?? null)})`;
  throw new UnsupportedArchitectureError(
    fields.file,
    found,
    families.flatMap(({ architectures: names }) => names),
  );
}

/** The family of a GGUF file, by `general.architecture`. @throws UnsupportedArchitectureError */
export function familyOfGguf(fields: Fields): Family {
  const architecture = stringField(fields, 'general.architecture');
  const family = families.find((candidate) => candidate.ggufArchitecture === architecture);
  if (family !== undefined) return family;
  const supported = families.map(({ ggufArchitecture }) => ggufArchitecture);
  throw new UnsupportedArchitectureError(fields.file, shown(architecture ?? null), supported);
}
