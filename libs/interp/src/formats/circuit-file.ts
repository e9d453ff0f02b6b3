/** Circuits from files and into them: which format a content is in, and the table of those that can be written. */
import { writeArrow } from './arrow.ts';
import { writeAttributionGraph } from './attribution-graph.ts';
import { readEapIg, writeEapIg } from './eap-ig-json.ts';
import { readEapIgSafetensors, writeEapIgSafetensors } from './eap-ig-safetensors.ts';
import { readCsv, readNdjson, writeCsv, writeNdjson } from './edge-lines.ts';
import { CircuitFormatError } from './errors.ts';
import { parseGraphJson } from './parse-graph-json.ts';
import { readAttributionGraph } from './read-attribution-graph.ts';
import type { ScoredCircuit } from './scored-circuit.ts';

/** A format of one file. */
export interface CircuitFormat {
  /** How the file's name ends. */
  extension: string;
  /** Media type. */
  type: string;
  /** Whether it has room for the record of how the scores came about. */
  keepsRecord: boolean;
  /** @param options.top of an attribution graph: so many of the strongest edges */
  write(
    circuit: ScoredCircuit,
    options?: { top?: number },
  ): Iterable<string | Uint8Array> | Promise<Iterable<string | Uint8Array>>;
}

/** By name; the more special endings first. */
export const circuitFormats = {
  'attribution-graph': {
    extension: '.attribution-graph.json',
    type: 'application/json',
    keepsRecord: true,
    write: writeAttributionGraph,
  },
  'eap-ig': { extension: '.json', type: 'application/json', keepsRecord: true, write: writeEapIg },
  safetensors: {
    extension: '.safetensors',
    type: 'application/octet-stream',
    keepsRecord: true,
    write: writeEapIgSafetensors,
  },
  ndjson: { extension: '.ndjson', type: 'application/x-ndjson', keepsRecord: false, write: writeNdjson },
  csv: { extension: '.csv', type: 'text/csv', keepsRecord: false, write: writeCsv },
  arrow: { extension: '.arrow', type: 'application/vnd.apache.arrow.file', keepsRecord: true, write: writeArrow },
} satisfies Record<string, CircuitFormat>;

export type CircuitFormatName = keyof typeof circuitFormats;

/** The format that a file's name asks for; undefined where no format has its ending. */
export function formatOfName(fileName: string): CircuitFormatName | undefined {
  const names = Object.keys(circuitFormats) as CircuitFormatName[];
  return names.find((name) => fileName.endsWith(circuitFormats[name].extension));
}

/** Reads a file by what is in it: EAP-IG or attribution-graph JSON, NDJSON, CSV, safetensors. @throws CircuitFormatError, InvalidSafetensorsError */
export function readCircuit(bytes: Uint8Array): ScoredCircuit {
  const [first = 0, second = 0] = bytes;
  if ((first === 0x50 && second === 0x4b) || first === 0x80) throw pickleError();
  if (Buffer.from(bytes.subarray(0, 6)).toString('latin1') === 'ARROW1')
    throw new CircuitFormatError('file', 'Arrow is written, not read; give the .json, .safetensors, .ndjson or .csv');
  if (bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)) return readEapIgSafetensors(bytes);
  return readText(new TextDecoder().decode(bytes));
}

/** A circuit in one of the text formats. @throws CircuitFormatError */
export function readText(text: string): ScoredCircuit {
  const start = text.slice(0, 4096).trimStart();
  if (!start.startsWith('{')) return readCsv(text);
  return isEdge(start.split('\n', 1)[0]!) ? readNdjson(text) : readGraph(parseGraphJson(text));
}

/** Whether a first line is an edge, and so the file NDJSON. */
function isEdge(line: string): boolean {
  try {
    return 'name' in (JSON.parse(line) as object);
  } catch {
    return false; // the beginning of a document
  }
}

/** EAP-IG's JSON or an attribution graph, parsed. @throws CircuitFormatError */
export function readGraph(json: unknown): ScoredCircuit {
  const isAttributionGraph = typeof json === 'object' && json !== null && 'links' in json;
  return isAttributionGraph ? readAttributionGraph(json) : readEapIg(json);
}

function pickleError(): CircuitFormatError {
  return new CircuitFormatError(
    'file',
    'the file is a PyTorch pickle (.pt), a program that runs when it is read, so it is never read here; convert it to ' +
      'safetensors where you trust it, with the six lines of Python in docs/guides/formats.md',
  );
}
