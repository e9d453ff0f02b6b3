/** Circuits: their scores are read once into memory and answer there; the database keeps them. */
import {
  findCircuit,
  findCircuitOfExperiment,
  readDenseCircuit,
  createCircuit,
  findExperiment,
  type Circuit as CircuitRow,
  type Database,
} from '@demur/db';
import { recordOfResult, type ResultJson, type ScoredCircuit } from '@demur/interp';
import { DemurError } from '@demur/model';
import { ByteCache } from '../cache/byte-cache.ts';
import type { CircuitComparison } from '../comparison/circuit-comparison.type.ts';
import { compareGraphs } from '../comparison/compare-circuits.ts';
import { edgeOf } from '../edge/edge-of.ts';
import { edgePage, type EdgePageOptions } from '../edge/edge-page.ts';
import type { Edge, Path } from '../edge/edge.type.ts';
import type { Connection } from '../relay/connection.ts';
import { pageSize } from '../relay/page.ts';
import { CircuitGraph } from './circuit-graph.ts';
import type { ImportCircuitInput } from './circuit.input.ts';
import type { Circuit } from './circuit.type.ts';
import { importedCircuit } from './imported-circuit.ts';
import { neighbourhood, type NeighbourhoodOptions } from './neighbourhood.ts';
import { strongestPaths } from './paths.ts';
import { scoredCircuit } from './scored-circuit.ts';

/** An id that no circuit has. */
export class CircuitNotFoundError extends DemurError {
  constructor(id: string) {
    super(
      'CIRCUIT_NOT_FOUND',
      `There is no circuit with the id "${id}"; ask an experiment of kind attribution for its circuit`,
    );
  }
}

/** Bytes of score matrices that stay in memory: about twenty circuits of 1.6M edges. */
const CACHE_BYTES = 1 << 30;

export class Circuits {
  readonly #database: Database;
  readonly #graphs = new ByteCache<CircuitGraph>(CACHE_BYTES);

  constructor(database: Database) {
    this.#database = database;
  }

  async byId(id: string): Promise<Circuit | null> {
    const row = await findCircuit(this.#database, id);
    return row === undefined ? null : this.#toCircuit(row);
  }

  async byExperiment(experimentId: string): Promise<Circuit | null> {
    const row = await findCircuitOfExperiment(this.#database, experimentId);
    return row === undefined ? null : this.#toCircuit(row);
  }

  /** The scores in memory. Throws `CircuitNotFoundError`. */
  graph(id: string): Promise<CircuitGraph> {
    return this.#graphs.get(id, async () => {
      const circuit = await readDenseCircuit(this.#database, id);
      if (circuit === undefined) throw new CircuitNotFoundError(id);
      return new CircuitGraph(circuit);
    });
  }

  async edges(id: string, options: EdgePageOptions): Promise<Connection<Edge>> {
    return edgePage(await this.graph(id), options);
  }

  async neighbourhood(id: string, options: NeighbourhoodOptions): Promise<Edge[]> {
    const graph = await this.graph(id);
    return neighbourhood(graph, options).map((cell) => edgeOf(graph, cell));
  }

  async paths(id: string, options: { from: string; to: string; top?: number | null }): Promise<Path[]> {
    const graph = await this.graph(id);
    return strongestPaths(graph, options).map(({ strength, cells }) => {
      const edges = cells.map((cell) => edgeOf(graph, cell));
      return { strength, edges, nodes: [edges[0]!.sender, ...edges.map((edge) => edge.receiver)] };
    });
  }

  /** Throws `CircuitNotFoundError`, `PageSizeError`. */
  async compare(a: string, b: string, top: number | null | undefined): Promise<CircuitComparison> {
    const size = pageSize(top, 1000, { name: 'top' });
    const [graphA, graphB] = [await this.graph(a), await this.graph(b)];
    const { shared, onlyInA, onlyInB, ...numbers } = compareGraphs(graphA, graphB, size);
    return {
      ...numbers,
      a: (await this.byId(a))!,
      b: (await this.byId(b))!,
      top: size,
      shared: shared.map((cells) => {
        const edge = edgeOf(graphA, cells.a);
        return { name: edge.name, a: edge, b: edgeOf(graphB, cells.b) };
      }),
      onlyInA: onlyInA.map((cell) => edgeOf(graphA, cell)),
      onlyInB: onlyInB.map((cell) => edgeOf(graphB, cell)),
    };
  }

  /** A circuit as files are written from it. Throws `CircuitNotFoundError`. */
  async scored(id: string): Promise<ScoredCircuit> {
    const circuit = await this.byId(id);
    if (circuit === null) throw new CircuitNotFoundError(id);
    return scoredCircuit(await this.graph(id), circuit);
  }

  /** Reads a circuit in any format and keeps it with what its file leaves out. Throws `CircuitFormatError`. */
  async import(input: ImportCircuitInput): Promise<Circuit> {
    return this.#toCircuit(await createCircuit(this.#database, importedCircuit(input)));
  }

  async #toCircuit(row: CircuitRow): Promise<Circuit> {
    const { id, name, experimentId, createdAt } = row;
    const sidecar = row.sidecar ?? (await this.#sidecarOf(experimentId));
    return { id, name, experimentId, createdAt, sidecar: sidecar as Record<string, unknown> };
  }

  /** What the experiment's own record says about its scores. */
  async #sidecarOf(experimentId: string | null): Promise<Record<string, unknown>> {
    const row = experimentId === null ? undefined : await findExperiment(this.#database, experimentId);
    const result = row?.result as ResultJson | undefined;
    if (result === undefined) return {};
    return { experiment: experimentId, ...recordOfResult(result) };
  }
}
