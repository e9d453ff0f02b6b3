/**
 * What a spec of circuits names by file or experiment, as the arrays that its rounds are given: `scores` of edges, and
 * `in_circuit`. Read once, before a run; a spec then holds the hash of what was read.
 */
import { DemurError } from '@demur/model';
import { z } from 'zod';
import { hashOfValues, readScores } from '../edges/read-scores.ts';
import {
  findExperiment,
  FoundExperimentError,
  readingAt,
  requireSameModel,
  type SpecPlaces,
} from '../found-experiment.ts';
import { readCircuitPath } from '../formats/circuit-path.ts';
import { convertKvHeads } from '../formats/kv-heads.ts';
import { circuitOfResult, type CircuitResult } from '../formats/result-circuit.ts';
import type { ScoredCircuit } from '../formats/scored-circuit.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Graph, KvHeads } from '../graph/graph.ts';
import type { NamedArray } from '../named-array.ts';
import type { GivenCircuit } from '../spec/circuit-options.ts';
import { SpecError } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';

const circuitPath = 'options.circuit';

/** Of a result that has a circuit. */
const discoverySchema = z.object({
  kind: z.literal('circuit-discovery'),
  spec: z.object({}),
  pairs: z.array(z.object({ clean: z.object({}) })),
  record: z.object({ model: z.object({ weightsSha256: z.string() }) }),
});

interface GivenArrays {
  /** The spec with the hash of the values of each. */
  pinned: ExperimentSpec;
  given: Record<string, NamedArray>;
}

/** @throws SpecError naming them and the fix: unreadable, of another model, without a circuit, or changed since its hash was taken */
export async function readGivenArrays(spec: ExperimentSpec, places: SpecPlaces): Promise<GivenArrays> {
  if (spec.kind === 'circuit-discovery') {
    const { scores, given } = await readGivenScores(spec.options, places);
    return { pinned: { ...spec, options: { ...spec.options, scores } }, given };
  }
  if (spec.kind !== 'circuit-evaluation') return { pinned: spec, given: {} };
  const { scores, given } = await readGivenScores(spec.options, places);
  const { circuit, kvHeads } = spec.options;
  if (circuit === undefined || Array.isArray(circuit))
    return { pinned: { ...spec, options: { ...spec.options, scores } }, given };
  const graph = buildGraph(places.source.config, kvHeads);
  const read = await readGivenCircuit(circuit, { graph, kvHeads, places });
  return { pinned: { ...spec, options: { ...spec.options, circuit: read.pinned } }, given: read.given };
}

type ScoresOptions = Extract<ExperimentSpec, { kind: 'circuit-evaluation' }>['options'];

async function readGivenScores(
  { scores, kvHeads }: Pick<ScoresOptions, 'scores' | 'kvHeads'>,
  places: SpecPlaces,
): Promise<Pick<ScoresOptions, 'scores'> & Pick<GivenArrays, 'given'>> {
  if (scores === undefined || 'method' in scores) return { scores, given: {} };
  const graph = buildGraph(places.source.config, kvHeads);
  const read = await readScores(scores, { path: 'options.scores', graph, kvHeads, places });
  return { scores: { ...scores, sha256: read.sha256 }, given: { scores: matrix(graph, read.scores) } };
}

function matrix({ senders, receivers }: Graph, values: Float32Array): NamedArray {
  return { shape: [senders.length, receivers.length], values };
}

async function readGivenCircuit(
  circuit: GivenCircuit,
  { graph, kvHeads, places }: { graph: Graph; kvHeads: KvHeads; places: SpecPlaces },
): Promise<{ pinned: GivenCircuit; given: GivenArrays['given'] }> {
  const name = 'file' in circuit ? circuit.file : `the experiment ${JSON.stringify(circuit.experiment)}`;
  const refused = (message: string): SpecError => new SpecError([{ path: circuitPath, message: `${name} ${message}` }]);
  const read = await ('file' in circuit ? circuitOfFile(circuit.file, places) : foundCircuit(circuit, places));
  const inCircuit = keptEdges(read, kvHeads, refused);
  if (inCircuit.senders.join() !== graph.senders.join() || inCircuit.receivers.join() !== graph.receivers.join())
    throw refused(`is a circuit of ${told(read)}; the ${kvHeads} graph of this model has ${told(graph)}`);
  const values = Float32Array.from(graph.mask, (edge, cell) => (edge !== 0 && inCircuit.kept[cell] !== 0 ? 1 : 0));
  const found = hashOfValues(values);
  const { sha256 } = circuit;
  if (sha256 !== undefined && sha256 !== found)
    throw refused(`has the SHA-256 ${found}, not ${sha256}: it has changed; leave out "sha256" to take it as it is`);
  return { pinned: { ...circuit, sha256: found }, given: { in_circuit: matrix(graph, values) } };
}

async function circuitOfFile(file: string, { resolveFile }: SpecPlaces): Promise<ScoredCircuit> {
  return readCircuitPath(await resolveFile(file)).catch((error: unknown) => {
    if (!(error instanceof DemurError)) throw error;
    throw new SpecError([{ path: circuitPath, message: `${file}: ${error.message}` }]);
  });
}

/** The circuit that an experiment found. @throws DemurError with the path of the circuit in the spec */
function foundCircuit({ experiment }: { experiment: string }, { source, resolveExperiment }: SpecPlaces) {
  return readingAt(circuitPath, async (): Promise<ScoredCircuit> => {
    const found = await findExperiment(experiment, resolveExperiment);
    const { success } = discoverySchema.safeParse(found.result);
    const inCircuit = success ? await found.array('in_circuit') : undefined;
    if (inCircuit === undefined)
      throw new FoundExperimentError(
        experiment,
        'found no circuit; give one of the kind "circuit-discovery", or name it as "scores", from which "select" chooses circuits',
      );
    const result = found.result as CircuitResult;
    requireSameModel(experiment, result, (await source.identity()).weightsSha256);
    return circuitOfResult(result, { in_circuit: inCircuit });
  });
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
