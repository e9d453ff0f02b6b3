/** A circuit from a path: a file in any of the formats, or the folder of a result. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '../safetensors.ts';
import { readCircuit } from './circuit-file.ts';
import { CircuitFormatError } from './errors.ts';
import { circuitOfResult } from './result-circuit.ts';
import type { CircuitResult } from './result-circuit.ts';
import type { ScoredCircuit } from './scored-circuit.ts';

/** @throws CircuitFormatError, InvalidSafetensorsError */
export async function readCircuitPath(path: string): Promise<ScoredCircuit> {
  if (!(await orUnreadable(path, stat(path))).isDirectory())
    return readCircuit(await orUnreadable(path, readFile(path)));
  const arrays = join(path, 'arrays.safetensors');
  const result = (await readRecordFile(join(path, 'result.json'))) as unknown as CircuitResult;
  return circuitOfResult(result, decodeSafetensors(await orUnreadable(arrays, readFile(arrays))));
}

/** The object of a JSON file. @throws CircuitFormatError */
export async function readRecordFile(path: string): Promise<Record<string, unknown>> {
  const text = await orUnreadable(path, readFile(path, 'utf8'));
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === 'object' && record !== null && !Array.isArray(record))
      return record as Record<string, unknown>;
  } catch {
    // Told below: no JSON at all is no object either.
  }
  throw new CircuitFormatError(path, `${path} is no JSON object`);
}

async function orUnreadable<Value>(path: string, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (cause) {
    throw new CircuitFormatError(path, `cannot read ${path}: ${(cause as Error).message}`);
  }
}
