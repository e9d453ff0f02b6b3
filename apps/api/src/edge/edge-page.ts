/** One page of a circuit's edges, straight from the matrix in memory: one scan of the order, milliseconds at 1.6M edges. */
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { Connection } from '../relay/connection.ts';
import { connection, CursorError, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import { edgeOf } from './edge-of.ts';
import { edgeTest, type EdgeTest } from './edge-test.ts';
import type { EdgeFilter, EdgeOrder } from './edge.input.ts';
import type { Edge } from './edge.type.ts';

/** Which page. */
export interface EdgePageOptions {
  first?: number | null;
  after?: string | null;
  orderBy?: EdgeOrder | null;
  filter?: EdgeFilter | null;
}

/** The page after the cursor, with the count of all edges that pass. Throws `PageSizeError`, `CursorError`. */
export function edgePage(graph: CircuitGraph, options: EdgePageOptions): Connection<Edge> {
  const orderBy = options.orderBy ?? 'ABSOLUTE_SCORE_DESC';
  const cells = graph.ordered(orderBy);
  const start = startPlace(cells, orderBy, options.after);
  const page = scan(cells, edgeTest(graph, options.filter), { start, first: pageSize(options.first, 100) });
  const edges = page.places.map((place) => ({
    cursor: encodeCursor(orderBy, place),
    node: edgeOf(graph, cells[place]!),
  }));
  return connection(edges, page);
}

function startPlace(cells: Uint32Array, orderBy: EdgeOrder, after: string | null | undefined): number {
  if (typeof after !== 'string') return 0;
  const place = Number(decodeCursor(orderBy, after));
  if (!Number.isInteger(place) || place < 0 || place >= cells.length) throw new CursorError(after);
  return place + 1;
}

/** The first `first` places from `start` whose cells pass, and how many pass before, on and after the page. */
function scan(cells: Uint32Array, test: EdgeTest, { start, first }: { start: number; first: number }) {
  const places: number[] = [];
  let before = 0;
  let totalCount = 0;
  cells.forEach((cell, place) => {
    if (!test(cell)) return;
    totalCount++;
    if (place < start) before++;
    else if (places.length < first) places.push(place);
  });
  return { places, before, totalCount };
}
