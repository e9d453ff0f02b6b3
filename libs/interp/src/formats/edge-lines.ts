/** A circuit's edges as lines of text, strongest first: NDJSON and CSV, in and out. Neither has room for the record. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { requireShape } from './eap-ig-json.ts';
import { CircuitFormatError } from './errors.ts';
import { fillCircuit, type NamedEdge } from './fill-circuit.ts';
import {
  edgeName,
  emptyCircuit,
  nodeOf,
  portOf,
  shapeOfNames,
  strongestFirst,
  type ScoredCircuit,
} from './scored-circuit.ts';

/** An edge as a line tells it; ranks from 1. */
function* edgesOf(circuit: ScoredCircuit) {
  const { senders, receivers, scores, inCircuit, interval } = circuit;
  let rank = 0;
  for (const cell of strongestFirst(circuit)) {
    const receiver = receivers[cell % receivers.length]!;
    yield {
      rank: ++rank,
      name: edgeName(circuit, cell),
      sender: senders[Math.floor(cell / receivers.length)]!,
      receiver: nodeOf(receiver),
      port: portOf(receiver).toUpperCase(),
      score: scores[cell]!,
      inCircuit: inCircuit === null ? null : inCircuit[cell] !== 0,
      interval: interval ? { low: interval.low[cell]!, high: interval.high[cell]! } : null,
    };
  }
}

/** One JSON object a line. */
export function* writeNdjson(circuit: ScoredCircuit): Generator<string> {
  for (const edge of edgesOf(circuit)) yield `${JSON.stringify(edge)}\n`;
}

/** A header and one row an edge; no name needs quoting. */
export function* writeCsv(circuit: ScoredCircuit): Generator<string> {
  yield 'rank,name,sender,receiver,port,score,in_circuit\n';
  for (const { rank, name, sender, receiver, port, score, inCircuit } of edgesOf(circuit))
    yield `${rank},${name},${sender},${receiver},${port},${score},${inCircuit ?? ''}\n`;
}

const ndjsonEdge = z.object({ name: z.string(), score: z.unknown().optional(), inCircuit: z.boolean().nullish() });

/** Reads `name`, `score` and `inCircuit` of each line. @throws CircuitFormatError */
export function readNdjson(text: string): ScoredCircuit {
  const lines = text.split('\n').map((line) => line.trim());
  return fromLines(
    lines.flatMap((line, at) => {
      if (line === '') return [];
      const path = `line ${at + 1}`;
      const { name, score, inCircuit } = requireShape(ndjsonEdge, parseLine(line, path), [path]);
      return [{ name, score, kept: inCircuit === true, path }];
    }),
  );
}

function parseLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CircuitFormatError(path, `${path} is no JSON: ${(cause as Error).message}`);
  }
}

/** Reads the columns `name`, `score` and, where there is one, `in_circuit`. @throws CircuitFormatError */
export function readCsv(text: string): ScoredCircuit {
  const [header = [], ...rows] = parseCsv(text);
  const [name, score, kept] = ['name', 'score', 'in_circuit'].map((title) => header.indexOf(title)) as [
    number,
    number,
    number,
  ];
  if (name === -1 || score === -1)
    throw new CircuitFormatError('line 1', `the header is "${header.join(',')}"; it needs the columns name and score`);
  return fromLines(
    rows.map((row, at) => ({
      name: row[name]!,
      score: numberOf(row[score]!),
      kept: row[kept] === 'true' || row[kept] === '1',
      path: `line ${at + 2}`,
    })),
  );
}

function parseCsv(text: string): string[][] {
  try {
    return parse(text, { bom: true, skipEmptyLines: true });
  } catch (cause) {
    throw new CircuitFormatError('file', `no valid CSV: ${(cause as Error).message}`);
  }
}

/** The text itself where it is no number: the message then shows it. */
function numberOf(text: string): unknown {
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

function fromLines(edges: NamedEdge[]): ScoredCircuit {
  const readsOwnHeads = edges.some(({ name }) => /^a(\d+)\.h\d+->m\1$/.test(name));
  const circuit = emptyCircuit({ ...shapeOfNames(endsOf(edges)), parallel: !readsOwnHeads });
  fillCircuit(circuit, edges, 'refuse');
  return circuit;
}

function endsOf(edges: NamedEdge[]): Set<string> {
  const ends = new Set<string>();
  for (const { name, path } of edges) {
    const parts = name.split('->');
    if (parts.length !== 2) throw new CircuitFormatError(path, `"${name}" is no edge; edges are m0->a1.h2<q>`);
    for (const end of parts) ends.add(end);
  }
  return ends;
}
