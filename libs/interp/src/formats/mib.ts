/**
 * A submission to the circuit track of MIB: one folder a task and model, with the scores in one file or nine circuits
 * (arXiv 2504.13151). Files are EAP-IG's .json. Not the evaluation, which their server does.
 */
import { writeEapIg } from './eap-ig-json.ts';
import { CircuitConversionError } from './errors.ts';
import { convertKvHeads } from './kv-heads.ts';
import { strongestFirst, type ScoredCircuit } from './scored-circuit.ts';
import { descendingOrder } from '../graph/score-order.ts';

/** A circuit holds at most this share of the edges, in percent. */
export const mibPercentages = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50] as const;

export interface MibOptions {
  /** As MIB names it: `ioi`, `arithmetic_addition`, `arc_easy`… */
  task: string;
  /** As MIB names it: `gpt2`, `qwen2.5`, `gemma2`, `llama3`. */
  model: string;
  content: 'scores' | 'circuits';
  /** What makes an edge strong: its score with or without the sign. */
  by: 'absolute' | 'signed';
}

/** A file of the submission: its path in it, and its text in pieces. */
export interface SubmissionFile {
  path: string;
  pieces: Iterable<string>;
}

/** The files of one folder. @throws CircuitConversionError for names that cannot be a folder's, and graphs that share key/value heads */
export function* mibSubmission(circuit: ScoredCircuit, options: MibOptions): Generator<SubmissionFile> {
  const folder = `${requireName('task', options.task)}_${requireName('model', options.model)}`;
  const { circuit: expanded } = convertKvHeads(circuit, 'expanded');
  if (options.content === 'scores') {
    yield { path: `${folder}/importances.json`, pieces: writeEapIg({ ...expanded, inCircuit: null }) };
    return;
  }
  const order = options.by === 'absolute' ? strongestFirst(expanded) : signedOrder(expanded);
  for (const percent of mibPercentages) {
    const inCircuit = new Float32Array(expanded.mask.length);
    for (const cell of order.subarray(0, Math.floor((percent * order.length) / 100))) inCircuit[cell] = 1;
    yield { path: `${folder}/${percent}.json`, pieces: writeEapIg({ ...expanded, inCircuit }) };
  }
}

function signedOrder(circuit: ScoredCircuit): Uint32Array {
  return descendingOrder(circuit.scores, strongestFirst(circuit));
}

function requireName(what: string, name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return name;
  throw new CircuitConversionError(
    `the ${what} "${name}" cannot be part of a folder's name; give MIB's, such as ioi and gpt2`,
  );
}
