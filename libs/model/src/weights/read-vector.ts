// Reads one short vector of a weights file whole: what belongs to the configuration and is stored as a tensor.

import { decodeRows } from './decode-rows.ts';
import { readBytes, withFile } from './read-bytes.ts';
import { InvalidHeaderError } from './tensor-entry.ts';
import type { TensorEntry } from './tensor-entry.ts';

/** At most `max` values. @throws InvalidHeaderError, NonFiniteWeightError */
export async function readVector(entry: TensorEntry, max: number): Promise<Float32Array> {
  const { file, name, shape, type } = entry;
  if (shape.length !== 1 || shape[0]! < 1 || shape[0]! > max || type.blockLength > 1) {
    throw new InvalidHeaderError(
      file,
      `tensor "${name}" (${type.name} [${shape.join(', ')}]) is no vector of 1 to ${max} numbers`,
    );
  }
  const bytes = new Uint8Array(entry.byteLength);
  await withFile(file, (opened) => readBytes(opened, entry.offset, bytes, `tensor "${name}"`));
  return decodeRows(bytes, { entry, stored: { tensor: name, shape }, firstElement: 0 }, new Float32Array(shape[0]!));
}
