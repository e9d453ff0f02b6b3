// Compares the tensors of a file with those that the model's configuration asks for. Reads no values.

import { DemurError } from '../errors.ts';
import type { PlannedWeight } from '../families/family.ts';
import { requireDecodable, UnsupportedElementTypeError } from './tensor-entry.ts';
import type { TensorEntries } from './tensor-entry.ts';

/** A tensor that the configuration asks for and the file lacks. */
export class MissingTensorError extends DemurError {
  constructor(path: string, tensor: string) {
    super(
      'MISSING_TENSOR',
      `${path}: tensor "${tensor}" is missing; the weights are incomplete or belong to another configuration.`,
    );
  }
}

/** A tensor of another shape than the configuration implies. */
export class TensorShapeError extends DemurError {
  constructor(file: string, tensor: string, expected: readonly number[], found: readonly number[]) {
    super(
      'TENSOR_SHAPE',
      `${file}: tensor "${tensor}" has shape [${found.join(', ')}], but the configuration implies ` +
        `[${expected.join(', ')}]; weights and configuration must belong to the same model.`,
    );
  }
}

/** A tensor that the configuration does not ask for, e.g. a bias: ignoring it could change results. */
export class SurplusTensorError extends DemurError {
  constructor(file: string, tensor: string) {
    super(
      'SURPLUS_TENSOR',
      `${file}: tensor "${tensor}" has no place in a model of this configuration; remove it or correct the configuration.`,
    );
  }
}

/** @throws MissingTensorError, TensorShapeError, SurplusTensorError, UnsupportedElementTypeError */
export function checkTensors(
  path: string,
  entries: TensorEntries,
  plan: readonly PlannedWeight[],
  harmless: RegExp,
): void {
  const parts = plan.map((planned) => planned.stored);
  for (const { tensor, shape } of parts) {
    const entry = entries.get(tensor);
    if (entry === undefined) throw new MissingTensorError(path, tensor);
    requireDecodable(entry);
    if (String(entry.shape) !== String(shape)) throw new TensorShapeError(entry.file, tensor, shape, entry.shape);
    if (shape.length === 1 && entry.type.blockLength > 1) {
      throw new UnsupportedElementTypeError(
        entry.file,
        tensor,
        entry.type.name,
        'float32, float16, bfloat16 for vectors',
      );
    }
  }
  const wanted = new Set(parts.map(({ tensor }) => tensor));
  for (const { name, file } of entries.values()) {
    if (!wanted.has(name) && !harmless.test(name)) throw new SurplusTensorError(file, name);
  }
}
