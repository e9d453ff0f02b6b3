/** The circuit of a result, an attribution's or a discovery's, with what the result says of how its scores came about. */
import type { NamedArray } from '../named-array.ts';
import type { ResultJson } from '../result.ts';
import { CircuitFormatError } from './errors.ts';
import { emptyCircuit, recordedShape, type ScoredCircuit } from './scored-circuit.ts';

/** What result.json holds of the circuit. */
export type CircuitResult = Pick<ResultJson, 'kind' | 'spec' | 'pairs' | 'senders' | 'receivers' | 'record'>;

/** @throws CircuitFormatError for a result that has neither scored nor chosen edges */
export function circuitOfResult(result: CircuitResult, arrays: Record<string, NamedArray>): ScoredCircuit {
  const { senders, receivers } = result;
  const record = recordOfResult(result);
  if (senders === undefined || receivers === undefined || !('scores' in arrays || 'in_circuit' in arrays))
    throw new CircuitFormatError('result', `the result of ${result.kind} has no edges; an attribution's has`);
  const circuit = emptyCircuit(recordedShape([...senders, ...receivers], record), record);
  if (circuit.senders.join() !== senders.join() || circuit.receivers.join() !== receivers.join())
    throw new CircuitFormatError('result', 'senders and receivers are not the nodes of one model in their order');
  const matrix = (name: string) => matrixOf(circuit, name, arrays[name]);
  circuit.scores = matrix('scores') ?? matrix('effects')?.map((effect) => effect || 0) ?? circuit.scores;
  circuit.inCircuit = matrix('in_circuit');
  const [low, high] = [matrix('interval.low'), matrix('interval.high')];
  circuit.interval = low === null || high === null ? null : { low, high };
  circuit.byPosition = byPosition(circuit, arrays['scores.position']);
  return circuit;
}

/** Views on a matrix a position, of [position, sender, receiver]. */
function byPosition({ mask }: ScoredCircuit, array: NamedArray | undefined): Float32Array[] | null {
  if (array === undefined) return null;
  const { shape, values } = array;
  const [positions = 0] = shape;
  if (values.length === positions * mask.length)
    return Array.from({ length: positions }, (_, at) => values.subarray(at * mask.length, (at + 1) * mask.length));
  throw new CircuitFormatError(
    'scores.position',
    `scores.position is [${shape.join(', ')}] for a graph of ${mask.length} cells`,
  );
}

function matrixOf({ mask }: ScoredCircuit, name: string, array: NamedArray | undefined): Float32Array | null {
  if (array === undefined || array.values.length === mask.length) return array?.values ?? null;
  throw new CircuitFormatError(name, `${name} has ${array.values.length} values for a graph of ${mask.length} cells`);
}

/** Model, metric, method, pairs, conventions, and the first pair's tokens. */
export function recordOfResult({ kind, spec, pairs, record }: CircuitResult): Record<string, unknown> {
  return {
    model: record.model,
    metric: spec.metric,
    method: kind === 'attribution' || kind === 'circuit-discovery' ? spec.options : kind,
    pairs: spec.pairs,
    conventions: record.conventions,
    tokens: pairs[0]?.clean.strings ?? [],
  };
}
