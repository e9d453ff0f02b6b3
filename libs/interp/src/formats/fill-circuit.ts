/** From edges by name to the matrices: what every reader of named edges shares, so that all refuse the same mistakes. */
import { CircuitFormatError } from './errors.ts';
import { edgeName, type ScoredCircuit } from './scored-circuit.ts';

/** An edge as a file has it: not yet trusted. */
export interface NamedEdge {
  name: string;
  score: unknown;
  /** Whether it belongs to the chosen circuit. */
  kept: boolean;
  /** Where it is in the file. */
  path: string;
}

/**
 * Puts edges into an empty circuit; with none kept, no circuit was chosen.
 * @param missing `refuse`: every edge must be there. `zero`: those left out score 0, as pruned graphs have it
 * @throws CircuitFormatError for an edge that is unknown, repeated, left out, or without a float32 score
 */
export function fillCircuit(circuit: ScoredCircuit, edges: Iterable<NamedEdge>, missing: 'refuse' | 'zero'): void {
  const cellOf = cellFinder(circuit);
  const seen = new Uint8Array(circuit.mask.length);
  let inCircuit: Float32Array | null = null;
  for (const { name, score, kept, path } of edges) {
    const cell = cellOf(name, path);
    if (seen[cell] === 1) throw new CircuitFormatError(path, `"${name}" is there twice; keep one of them`);
    seen[cell] = 1;
    circuit.scores[cell] = requireScore(score, path);
    if (kept) (inCircuit ??= new Float32Array(seen.length))[cell] = 1;
  }
  circuit.inCircuit = inCircuit;
  if (missing === 'refuse') refuseMissing(circuit, seen);
}

/** `m0->a1.h2<q>` to its cell. */
function cellFinder(circuit: ScoredCircuit): (edge: string, path: string) => number {
  const { senders, receivers, mask } = circuit;
  const rows = new Map(senders.map((name, row) => [name, row]));
  const columns = new Map(receivers.map((name, column) => [name, column]));
  return (edge, path) => {
    const [sender = '', receiver = ''] = edge.split('->');
    const [row, column] = [rows.get(sender), columns.get(receiver)];
    const cell = row === undefined || column === undefined ? -1 : row * receivers.length + column;
    if (cell === -1 || mask[cell] === 0 || edge !== `${sender}->${receiver}`)
      throw new CircuitFormatError(path, `"${edge}" is not an edge of a model of the shape in cfg`);
    return cell;
  };
}

/** A finite number that float32 can hold. @throws CircuitFormatError */
export function requireScore(score: unknown, path: string): number {
  const at = `${path}.score`;
  if (typeof score !== 'number' || Number.isNaN(score))
    throw new CircuitFormatError(at, `the score is ${JSON.stringify(score) ?? 'missing'}, not a number`);
  if (!Number.isFinite(Math.fround(score)))
    throw new CircuitFormatError(at, `the score ${score} is too large for float32, whose largest is 3.4e38`);
  return score;
}

function refuseMissing(circuit: ScoredCircuit, seen: Uint8Array): void {
  const { mask } = circuit;
  const names: string[] = [];
  let count = 0;
  for (let cell = 0; cell < mask.length; cell++) {
    if (mask[cell] === 0 || seen[cell] === 1) continue;
    if (names.length < 3) names.push(edgeName(circuit, cell));
    count++;
  }
  if (count > 0)
    throw new CircuitFormatError(
      'graph.edges',
      `${count} edges of the graph are missing, such as ${names.join(', ')}; write them with their score, or 0`,
    );
}
