/** `demur circuit show`: a circuit for the eye. */
import { edgeName, strongestFirst, type ScoredCircuit } from '@demur/interp';
import { exitCodeOf } from './exit-code.ts';
import { readCircuitFile } from './read-circuit.ts';

/** Prints shape, record and the `top` strongest edges to stdout. */
export async function circuitShow(file: string, top: number): Promise<number> {
  try {
    const circuit = await readCircuitFile(file);
    for (const [name, text] of describe(circuit)) console.log(`${name.padEnd(12)}${text}`);
    console.log('');
    for (const line of edgeLines(circuit, top)) console.log(line);
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function describe(circuit: ScoredCircuit): [string, string][] {
  const { nLayers, nHeads, kvHeads, nKvHeads } = circuit.shape;
  const shared = kvHeads === 'native' ? `, ${nKvHeads} key/value heads` : '';
  const kept = circuit.inCircuit?.reduce((sum, flag) => sum + (flag === 0 ? 0 : 1), 0);
  return [
    ['shape', `${nLayers} layers, ${nHeads} heads${shared}`],
    ['edges', `${strongestFirst(circuit).length} (${kvHeads} graph)`],
    ['circuit', kept === undefined ? 'none chosen' : `${kept} edges`],
    ...Object.entries(circuit.record)
      .filter(([name]) => name !== 'pairs' && name !== 'tokens')
      .map(([name, value]): [string, string] => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ];
}

/** Rank, score and name; `*` where the edge is in the circuit. */
function edgeLines(circuit: ScoredCircuit, top: number): string[] {
  const cells = [...strongestFirst(circuit).subarray(0, top)];
  return cells.map((cell, at) => {
    const mark = circuit.inCircuit !== null && circuit.inCircuit[cell] !== 0 ? '*' : ' ';
    return `${String(at + 1).padStart(6)} ${mark} ${circuit.scores[cell]!.toExponential(4).padStart(12)}  ${edgeName(circuit, cell)}`;
  });
}
