/** A circuit from a path, with what the file does not record. */
import { readCircuitPath, readRecordFile, type ScoredCircuit } from '@demur/interp';

/** @param sidecar path of a JSON object with what the file does not record @throws CircuitFormatError, InvalidSafetensorsError */
export async function readCircuitFile(path: string, sidecar?: string): Promise<ScoredCircuit> {
  const circuit = await readCircuitPath(path);
  if (sidecar !== undefined) circuit.record = { ...circuit.record, ...(await readRecordFile(sidecar)) };
  return circuit;
}
