// The families that can be loaded: one line each.

import { DemurError } from '../errors.ts';
import type { Fields } from '../fields.ts';
import { shown, stringField } from '../fields.ts';
import type { Family } from './family.ts';
import { gemma2 } from './gemma2.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

const families: readonly Family[] = [gemma2, gpt2, llama, mistral, qwen2, qwen3];

type GgufFamily = Family & { gguf: NonNullable<Family['gguf']> };

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
export function familyOfGguf(fields: Fields): GgufFamily {
  const architecture = stringField(fields, 'general.architecture');
  const readable = families.filter((family): family is GgufFamily => family.gguf !== null);
  const family = readable.find(({ gguf }) => gguf.architecture === architecture);
  if (family !== undefined) return family;
  const supported = readable.map(({ gguf }) => gguf.architecture);
  throw new UnsupportedArchitectureError(fields.file, shown(architecture ?? null), supported);
}
