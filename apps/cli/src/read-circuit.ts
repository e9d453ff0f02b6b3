/** A circuit from a path: a file in any of the formats, or a folder of `demur run`. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CircuitFormatError,
  circuitOfResult,
  decodeSafetensors,
  readCircuit,
  type CircuitResult,
  type ScoredCircuit,
} from '@demur/interp';

/** @param sidecar path of a JSON object with what the file does not record @throws CircuitFormatError, InvalidSafetensorsError */
export async function readCircuitFile(path: string, sidecar?: string): Promise<ScoredCircuit> {
  const circuit = await readPath(path);
  if (sidecar !== undefined) circuit.record = { ...circuit.record, ...(await readRecord(sidecar)) };
  return circuit;
}

async function readPath(path: string): Promise<ScoredCircuit> {
  if (!(await orUnreadable(path, stat(path))).isDirectory())
    return readCircuit(await orUnreadable(path, readFile(path)));
  const arrays = join(path, 'arrays.safetensors');
  const result = (await readRecord(join(path, 'result.json'))) as unknown as CircuitResult;
  return circuitOfResult(result, decodeSafetensors(await orUnreadable(arrays, readFile(arrays))));
}

async function readRecord(path: string): Promise<Record<string, unknown>> {
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
