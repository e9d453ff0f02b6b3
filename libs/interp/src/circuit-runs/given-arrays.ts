/**
 * What a spec of circuits names by file, as the arrays that its rounds are given: `scores` of edges, and `in_circuit`. Read
 * once, before a run; a spec then holds the hash of what was read.
 */
import { resolve } from 'node:path';
import { DemurError } from '@demur/model';
import type { ModelConfig } from '@demur/model';
import { hashOfValues, readScoresFile } from '../edges/scores-file.ts';
import { readCircuitPath } from '../formats/circuit-path.ts';
import { convertKvHeads } from '../formats/kv-heads.ts';
import type { ScoredCircuit } from '../formats/scored-circuit.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Graph, KvHeads } from '../graph/graph.ts';
import type { NamedArray } from '../named-array.ts';
import type { CircuitFile } from '../spec/circuit-options.ts';
import { SpecError } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { ResolveFile } from '../steering/directions.ts';

interface GivenArrays {
  /** The spec with the hash of each file's values. */
  pinned: ExperimentSpec;
  given: Record<string, NamedArray>;
}

interface Places {
  config: ModelConfig;
  resolveFile?: ResolveFile | undefined;
}

/** @throws SpecError naming file and fix: unreadable, of another model, without a circuit, or changed since its hash was taken */
export async function readGivenArrays(spec: ExperimentSpec, places: Places): Promise<GivenArrays> {
  if (spec.kind === 'circuit-discovery') {
    const { scores, given } = await readScores(spec.options, places);
    return { pinned: { ...spec, options: { ...spec.options, scores } }, given };
  }
  if (spec.kind !== 'circuit-evaluation') return { pinned: spec, given: {} };
  const { scores, given } = await readScores(spec.options, places);
  const { circuit, kvHeads } = spec.options;
  if (circuit === undefined || !('file' in circuit))
    return { pinned: { ...spec, options: { ...spec.options, scores } }, given };
  const read = await readCircuitFile(circuit, { ...places, graph: buildGraph(places.config, kvHeads), kvHeads });
  return { pinned: { ...spec, options: { ...spec.options, circuit: read.pinned } }, given: read.given };
}

type ScoresOptions = Extract<ExperimentSpec, { kind: 'circuit-evaluation' }>['options'];

async function readScores(
  { scores, kvHeads }: Pick<ScoresOptions, 'scores' | 'kvHeads'>,
  { config, resolveFile }: Places,
): Promise<Pick<ScoresOptions, 'scores'> & Pick<GivenArrays, 'given'>> {
  if (scores === undefined || !('file' in scores)) return { scores, given: {} };
  const graph = buildGraph(config, kvHeads);
  const read = await readScoresFile(scores, { path: 'options.scores', graph, kvHeads, resolveFile });
  return { scores: { ...scores, sha256: read.sha256 }, given: { scores: matrix(graph, read.scores) } };
}

function matrix({ senders, receivers }: Graph, values: Float32Array): NamedArray {
  return { shape: [senders.length, receivers.length], values };
}

async function readCircuitFile(
  { file, sha256 }: CircuitFile,
  { graph, kvHeads, resolveFile = (of) => resolve(of) }: Places & { graph: Graph; kvHeads: KvHeads },
): Promise<{ pinned: CircuitFile; given: GivenArrays['given'] }> {
  const refused = (message: string): SpecError => new SpecError([{ path: 'options.circuit', message }]);
  const circuit = await readCircuitPath(await resolveFile(file)).catch((error: unknown) => {
    throw error instanceof DemurError ? refused(`${file}: ${error.message}`) : error;
  });
  const inCircuit = keptEdges(circuit, kvHeads, (message) => refused(`${file} ${message}`));
  if (inCircuit.senders.join() !== graph.senders.join() || inCircuit.receivers.join() !== graph.receivers.join())
    throw refused(`${file} is a circuit of ${told(circuit)}; the ${kvHeads} graph of this model has ${told(graph)}`);
  const values = Float32Array.from(graph.mask, (edge, cell) => (edge !== 0 && inCircuit.kept[cell] !== 0 ? 1 : 0));
  const found = hashOfValues(values);
  if (sha256 !== undefined && sha256 !== found)
    throw refused(
      `${file} has the SHA-256 ${found}, not ${sha256}: it has changed; leave out "sha256" to take it as it is`,
    );
  return { pinned: { file, sha256: found }, given: { in_circuit: matrix(graph, values) } };
}

function told({ senders, receivers }: Pick<Graph, 'senders' | 'receivers'>): string {
  return `${senders.length} senders and ${receivers.length} receivers`;
}

/** A file's circuit over the graph that is asked for. */
function keptEdges(circuit: ScoredCircuit, kvHeads: KvHeads, refused: (message: string) => SpecError) {
  const { inCircuit } = circuit;
  if (inCircuit === null || inCircuit.every((kept) => kept === 0))
    throw refused('has no circuit, only scores at most; give it as "scores", from which "select" chooses circuits');
  // Which edges are kept converts where scores do not.
  const plain = { ...circuit, scores: new Float32Array(circuit.mask.length), byPosition: null, nodeScores: null };
  const { circuit: converted, notes } = convertKvHeads(plain, kvHeads);
  const [note] = notes;
  if (note !== undefined) throw refused(`is another circuit in the native graph: ${note}; use "kvHeads": "expanded"`);
  return { ...converted, kept: converted.inCircuit as Float32Array };
}
