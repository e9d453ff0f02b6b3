/**
 * What a shard adds up of its blocks' scores: the sum over pairs, and what is asked for apart, by unit of resampling or by
 * position. No tensors here.
 */
import { edgeCells } from '../formats/scored-circuit.ts';
import type { Graph } from '../graph/graph.ts';
import type { Shard, ShardArrays } from '../shard.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { pairsPerUnit } from './kept-scores.ts';
import type { ScoreUse, UseScores } from './products.ts';

/** A unit's scores are the array of this name and the unit's number: [edges], the sum over those of its pairs that the shard has. */
export const UNIT_PREFIX = 'unit.';

/** Arrays without the large ones of scores told apart: what a later round needs of an earlier one. */
export function withoutParts(arrays: ShardArrays): ShardArrays {
  const isPart = (name: string): boolean => name.startsWith(UNIT_PREFIX) || name === 'scores.position';
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => !isPart(name)));
}

interface ScoresApart {
  bootstrap: number;
  perPosition: boolean;
}

export class ScoreSums {
  readonly #graph: Graph;
  readonly #shard: Shard;
  readonly #apart: ScoresApart;
  readonly #sum: Float64Array;
  readonly #positions: Float32Array | null;
  readonly #units = new Map<number, Float32Array>();
  /** The edge of a cell, in the order of `edgeCells`; −1 of none. Empty unless units are kept. */
  readonly #edgeOf: Int32Array;

  constructor(graph: Graph, shard: Shard, apart: ScoresApart) {
    this.#graph = graph;
    this.#shard = shard;
    this.#apart = apart;
    this.#sum = new Float64Array(graph.mask.length);
    this.#positions = apart.perPosition ? new Float32Array(shard.columns * graph.mask.length) : null;
    this.#edgeOf = new Int32Array(apart.bootstrap > 0 ? graph.mask.length : 0).fill(-1);
    if (apart.bootstrap > 0) for (const [edge, cell] of edgeCells(graph).entries()) this.#edgeOf[cell] = edge;
  }

  /** What takes a block's scores. One of the uses makes the sum as well, so that no product is made for it alone. */
  usesOf(block: PairBlock): ScoreUse[] {
    const { bootstrap, perPosition } = this.#apart;
    const uses: ScoreUse[] = [];
    if (bootstrap > 0) uses.push({ parts: 'pair', use: this.#byPair(block) });
    if (perPosition) uses.push({ parts: 'position', use: this.#byPosition(block) });
    if (uses.length === 0) return [{ parts: 'whole', use: this.#addTo(this.#sum) }];
    const [first, ...others] = uses as [ScoreUse, ...ScoreUse[]];
    return [{ parts: first.parts, use: both(this.#addTo(this.#sum), first.use) }, ...others];
  }

  /** `scores` [senders, receivers], `scores.position` [column, senders, receivers], and the units' scores. */
  arrays(): ShardArrays {
    const shape = [this.#graph.senders.length, this.#graph.receivers.length];
    const positions = this.#positions && { shape: [this.#shard.columns, ...shape], values: this.#positions };
    const units = [...this.#units].map(([unit, values]) => [
      `${UNIT_PREFIX}${unit}`,
      { shape: [values.length], values },
    ]);
    return {
      scores: { shape, values: Float32Array.from(this.#sum) },
      ...(positions ? { 'scores.position': positions } : {}),
      ...(Object.fromEntries(units) as ShardArrays),
    };
  }

  /** Adds the scores of edges to an array of cells; what is no edge stays zero. */
  #addTo(cells: Float64Array | Float32Array, offset = 0): UseScores {
    const { mask } = this.#graph;
    return this.#eachCell((cell, score) => {
      if (mask[cell] === 1) cells[offset + cell]! += score;
    });
  }

  #byPair({ pairs }: PairBlock): UseScores {
    const { pairCount, start = 0 } = this.#shard;
    const perUnit = pairsPerUnit(pairCount, this.#graph.edgeCount);
    const unitsOfPairs = pairs.map(({ place }) => this.#unit(Math.floor((start + place) / perUnit)));
    const edgeOf = this.#edgeOf;
    return this.#eachCell((cell, score, part) => {
      const edge = edgeOf[cell]!;
      if (edge >= 0) unitsOfPairs[part]![edge]! += score;
    });
  }

  #eachCell(take: (cell: number, score: number, part: number) => void): UseScores {
    const columns = this.#graph.receivers.length;
    return (scores, { part, first, width }) => {
      for (let at = 0, row = first; at < scores.length; at += width, row += columns)
        for (let i = 0; i < width; i++) take(row + i, scores[at + i]!, part);
    };
  }

  #unit(index: number): Float32Array {
    const unit = this.#units.get(index) ?? new Float32Array(this.#graph.edgeCount);
    this.#units.set(index, unit);
    return unit;
  }

  /** Positions of a suffix lie at the right end of the columns. */
  #byPosition({ length, prefixLength }: PairBlock): UseScores {
    const start = this.#shard.columns - (length - prefixLength);
    const size = this.#graph.mask.length;
    return (scores, at) => this.#addTo(this.#positions!, (start + at.part) * size)(scores, at);
  }
}

function both(a: UseScores, b: UseScores): UseScores {
  return (scores, at) => {
    a(scores, at);
    b(scores, at);
  };
}
