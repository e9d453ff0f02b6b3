/** The circuit of an attribution's result, with what the result says of how its scores came about. */
import type { NamedArray } from '../named-array.ts';
import type { ResultJson } from '../result.ts';
import { CircuitFormatError } from './errors.ts';
import { emptyCircuit, shapeOfNames, type ScoredCircuit } from './scored-circuit.ts';

/** What result.json holds of the circuit. */
export type CircuitResult = Pick<ResultJson, 'kind' | 'spec' | 'pairs' | 'senders' | 'receivers' | 'record'>;

/** @throws CircuitFormatError for a result without scored edges */
export function circuitOfResult(result: CircuitResult, arrays: Record<string, NamedArray>): ScoredCircuit {
  const { senders, receivers } = result;
  const scores = arrays['scores'];
  if (senders === undefined || receivers === undefined || scores === undefined)
    throw new CircuitFormatError('result', `the result of ${result.kind} has no scored edges; an attribution's has`);
  const circuit = emptyCircuit(shapeOfNames([...senders, ...receivers]), recordOfResult(result));
  const { length } = circuit.mask;
  if (scores.values.length !== length || circuit.receivers.join() !== receivers.join())
    throw new CircuitFormatError(
      'result',
      `the array scores has ${scores.values.length} values for a graph of ${length} cells`,
    );
  circuit.scores = scores.values;
  circuit.mask = arrays['mask']?.values ?? circuit.mask;
  circuit.inCircuit = arrays['in_circuit']?.values ?? null;
  return circuit;
}

/** Model, metric, method, pairs, conventions, and the first pair's tokens. */
export function recordOfResult({ kind, spec, pairs, record }: CircuitResult): Record<string, unknown> {
  return {
    model: record.model,
    metric: spec.metric,
    method: kind === 'attribution' ? spec.options : kind,
    pairs: spec.pairs,
    conventions: record.conventions,
    tokens: pairs[0]?.clean.strings ?? [],
  };
}
