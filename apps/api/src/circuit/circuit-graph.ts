/**
 * A circuit in memory: the dense matrix of scores, which cells are edges, and their order by strength. Built once a
 * circuit and kept in a cache; knows nothing of the database or of GraphQL's pages.
 */
import { ascendingOrder, descendingOrder, edgeCells, strengthOrder } from '@demur/interp';
import { parseNode, parseReceiver, type Receiver } from '../node/parse-node.ts';
import type { Node } from '../node/node.type.ts';
import type { EdgeOrder } from '../edge/edge.input.ts';

/** What a circuit is made from; matrices are row-major [senders, receivers]. */
export interface CircuitMatrices {
  senders: string[];
  receivers: string[];
  scores: Float32Array;
  /** Not 0 where the cell is an edge of the graph. */
  mask: Float32Array;
  /** Not 0 where the edge belongs to the chosen circuit; null where none was chosen. */
  inCircuit?: Float32Array | null;
  /** Bootstrap interval, where asked for. */
  interval?: { low: Float32Array; high: Float32Array } | null;
}

export class CircuitGraph {
  readonly senders: Node[];
  readonly receivers: Receiver[];
  readonly scores: Float32Array;
  readonly inCircuit: Float32Array | null;
  readonly interval: { low: Float32Array; high: Float32Array } | null;
  /** Cells that are edges, strongest first; equal strengths by cell. */
  readonly byStrength: Uint32Array;
  /** Place of each cell in `byStrength`, from 1; 0 where the cell is no edge. */
  readonly ranks: Uint32Array;
  readonly #signed = new Map<EdgeOrder, { cells: Uint32Array; places: Uint32Array }>();

  constructor(matrices: CircuitMatrices) {
    this.senders = matrices.senders.map(parseNode);
    this.receivers = matrices.receivers.map(parseReceiver);
    this.scores = matrices.scores;
    this.inCircuit = matrices.inCircuit ?? null;
    this.interval = matrices.interval ?? null;
    this.byStrength = strengthOrder(matrices.scores, edgeCells(matrices));
    this.ranks = placesOf(this.byStrength, matrices.scores.length);
  }

  get edgeCount(): number {
    return this.byStrength.length;
  }

  /** How many edges belong to the chosen circuit; null where none was chosen. */
  get inCircuitCount(): number | null {
    if (this.inCircuit === null) return null;
    return this.byStrength.reduce((count, cell) => count + (this.inCircuit![cell] === 0 ? 0 : 1), 0);
  }

  /** Cells that are edges in an order; the signed ones are made when first asked for. */
  ordered(orderBy: EdgeOrder): Uint32Array {
    return orderBy === 'ABSOLUTE_SCORE_DESC' ? this.byStrength : this.#signedOrder(orderBy).cells;
  }

  /** Place of each cell in an order, from 1; 0 where the cell is no edge. */
  places(orderBy: EdgeOrder): Uint32Array {
    return orderBy === 'ABSOLUTE_SCORE_DESC' ? this.ranks : this.#signedOrder(orderBy).places;
  }

  #signedOrder(orderBy: EdgeOrder): { cells: Uint32Array; places: Uint32Array } {
    const known = this.#signed.get(orderBy);
    if (known !== undefined) return known;
    const order = orderBy === 'SCORE_ASC' ? ascendingOrder : descendingOrder;
    const cells = order(this.scores, edgeCells({ mask: this.ranks }));
    const made = { cells, places: placesOf(cells, this.scores.length) };
    this.#signed.set(orderBy, made);
    return made;
  }

  /** Bytes held, for the cache: with all three orders made. */
  get bytes(): number {
    const matrices = 1 + (this.inCircuit === null ? 0 : 1) + (this.interval === null ? 0 : 2);
    return 4 * (this.scores.length * (matrices + 3) + this.byStrength.length * 3);
  }

  /** Row of a cell. */
  sender(cell: number): Node {
    return this.senders[Math.floor(cell / this.receivers.length)]!;
  }

  /** Column of a cell. */
  receiver(cell: number): Receiver {
    return this.receivers[cell % this.receivers.length]!;
  }

  /** `m0->a1.h2<q>`. */
  edgeName(cell: number): string {
    return `${this.sender(cell).name}->${this.receiver(cell).name}`;
  }

  /** Every node of the graph once: senders in their order, then receivers that send nothing. */
  nodes(): Node[] {
    const all = [...this.senders, ...this.receivers.map((receiver) => receiver.node)];
    return [...new Map(all.map((node) => [node.name, node])).values()];
  }
}

/** Place of each of `cells`, from 1, by cell; 0 where a cell is not among them. */
function placesOf(cells: Uint32Array, length: number): Uint32Array {
  const places = new Uint32Array(length);
  for (let place = 0; place < cells.length; place++) places[cells[place]!] = place + 1;
  return places;
}
