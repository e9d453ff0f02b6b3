/**
 * What of a circuit has to be run: which nodes can reach the metric, from which layer on its run is not the clean one, and
 * of whom each receiver reads what. From the mask alone. No tensors here.
 */
import { readColumns } from '../discovery/select.ts';
import type { Graph, GraphShape } from '../graph/graph.ts';
import { nodeInputs } from '../graph/node-inputs.ts';

/** Where a graph's nodes lie among its senders, and the layers that a metric reads after. */
export interface GraphPlaces {
  shape: GraphShape;
  /** Receivers: the columns of a mask. */
  columns: number;
  /** By sender, the columns of its node's inputs: of a head queries, keys, values. */
  inputs: readonly (readonly number[])[];
  /** Layers that run; the metric's reading after them stands for `logits`. */
  end: number;
}

export function graphPlaces(graph: Graph, shape: GraphShape, end: number): GraphPlaces {
  return { shape, columns: graph.receivers.length, inputs: nodeInputs(graph), end };
}

/** The sender that a head is; `nHeads` stands for the layer's MLP. */
export function senderAt({ nHeads }: GraphShape, layer: number, head: number): number {
  return 1 + layer * (nHeads + 1) + head;
}

/** How many senders come before a layer: the first ones. */
export function sendersBefore(shape: GraphShape, layer: number): number {
  return senderAt(shape, layer, 0);
}

/**
 * How a receiver's input is made: of the ablated residual stream, or of the running one (the ablated one and the changes of
 * all that runs), whichever is nearer, and the changes of some senders, which are added to the one, or taken from the other.
 */
export interface Read {
  from: 'ablated' | 'running';
  except: readonly number[];
}

/** A receiver's column, and how many senders come before it. */
interface Receiver {
  column: number;
  before: number;
}

export const READS_NOTHING: Read = { from: 'ablated', except: [] };

/** One circuit, its mask [sender, receiver] row-major: 1 where an edge is kept. */
export class CircuitPlan {
  /** Its run is the clean one, or that of its base, before this layer; `end` where at most what the metric reads is not. */
  readonly firstLayer: number;
  readonly #mask: Uint8Array;
  readonly #places: GraphPlaces;
  /** By receiver: whether a path of kept edges leads from it to the metric. */
  readonly #read: Uint8Array;
  /** By sender, the same. */
  readonly #live: Uint8Array;

  /** @param base the circuit whose run is known: by default that of all edges, the clean run. */
  constructor(mask: Uint8Array, places: GraphPlaces, base?: CircuitPlan) {
    this.#mask = withoutUnseen(mask, places);
    this.#places = places;
    this.#read = readColumns(this.#mask, places.inputs);
    this.#live = Uint8Array.from(places.inputs, (_, sender) => (this.#isRead(sender) ? 1 : 0));
    this.firstLayer = this.#findFirstLayer(base);
  }

  isLive(sender: number): boolean {
    return this.#live[sender] === 1;
  }

  /** Live heads of a layer. */
  liveHeads(layer: number): number[] {
    const { shape } = this.#places;
    const heads = Array.from({ length: shape.nHeads }, (_, head) => head);
    return heads.filter((head) => this.isLive(senderAt(shape, layer, head)));
  }

  hasLiveMlp(layer: number): boolean {
    const { shape } = this.#places;
    return this.isLive(senderAt(shape, layer, shape.nHeads));
  }

  /**
   * How the inputs of live receivers are made, by column.
   * @param from the layer that its run starts at: the running stream has the changes of all senders before, and of later
   *   ones those of the live.
   */
  reads(from: number): Map<number, Read> {
    const all = sendersBefore(this.#places.shape, from);
    const reads = this.#liveReceivers(from).map(({ column, before }): [number, Read] => {
      const [kept, left]: [number[], number[]] = [[], []];
      for (let sender = 0; sender < before; sender++)
        if (sender < all || this.isLive(sender)) (this.#keeps(sender, column) ? kept : left).push(sender);
      return [
        column,
        left.length < kept.length ? { from: 'running', except: left } : { from: 'ablated', except: kept },
      ];
    });
    return new Map(reads);
  }

  #keeps(sender: number, column: number): boolean {
    return this.#mask[sender * this.#places.columns + column] === 1;
  }

  #isRead(sender: number): boolean {
    const { columns } = this.#places;
    return this.#read.some((read, column) => read & this.#mask[sender * columns + column]!);
  }

  /** Receivers of live nodes from a layer on, with how many senders come before each. */
  #liveReceivers(from: number): Receiver[] {
    const { shape, columns, end } = this.#places;
    const layers = Array.from({ length: end - from }, (_, i) => this.#liveReceiversOf(from + i));
    return [...layers.flat(), { column: columns - 1, before: sendersBefore(shape, end) }];
  }

  #liveReceiversOf(layer: number): Receiver[] {
    const { shape, inputs } = this.#places;
    const heads = this.liveHeads(layer).flatMap((head) => inputs[senderAt(shape, layer, head)]!);
    const ports = [...new Set(heads)].map((column) => ({ column, before: sendersBefore(shape, layer) }));
    const before = senderAt(shape, layer, shape.nHeads);
    return this.hasLiveMlp(layer) ? [...ports, { column: inputs[before]![0]!, before }] : ports;
  }

  /** The first layer with a live node that does not run in the base, or a live receiver that reads otherwise there. */
  #findFirstLayer(base: CircuitPlan | undefined): number {
    const { end } = this.#places;
    const isKeptThere = (sender: number, column: number): boolean => base === undefined || base.#keeps(sender, column);
    const isSame = ({ column, before }: Receiver): boolean => {
      for (let sender = 0; sender < before; sender++)
        if (this.#keeps(sender, column) !== isKeptThere(sender, column)) return false;
      return true;
    };
    const isSameLayer = (layer: number): boolean =>
      (base === undefined || base.#runs(this, layer)) && this.#liveReceiversOf(layer).every(isSame);
    for (let layer = 0; layer < end; layer++) if (!isSameLayer(layer)) return layer;
    return end;
  }

  /** Whether all nodes of a layer are live that are so in the other. */
  #runs(other: CircuitPlan, layer: number): boolean {
    const { shape } = this.#places;
    const isLiveHere = (head: number): boolean => this.isLive(senderAt(shape, layer, head));
    return other.liveHeads(layer).every(isLiveHere) && (!other.hasLiveMlp(layer) || isLiveHere(shape.nHeads));
  }
}

/** The mask without edges into the metric from layers that it reads before. */
function withoutUnseen(mask: Uint8Array, { shape, columns, inputs, end }: GraphPlaces): Uint8Array {
  if (end === shape.nLayers) return mask;
  const seen = mask.slice();
  for (let sender = sendersBefore(shape, end); sender < inputs.length; sender++) seen[(sender + 1) * columns - 1] = 0;
  return seen;
}
