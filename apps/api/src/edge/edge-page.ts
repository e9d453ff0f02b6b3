/** One page of a circuit's edges, straight from the matrix in memory: milliseconds at 1.6M edges. */
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { Connection } from '../relay/connection.ts';
import { CursorError, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import { edgeOf } from './edge-of.ts';
import { edgeSelection, type EdgeSelection } from './edge-selection.ts';
import type { EdgeFilter, EdgeOrder } from './edge.input.ts';
import type { Edge } from './edge.type.ts';

/** Which page. */
export interface EdgePageOptions {
  first?: number | null;
  after?: string | null;
  orderBy?: EdgeOrder | null;
  filter?: EdgeFilter | null;
}

/** Cells of a page, whether more follow, and how many there are on all pages. */
interface Cells {
  cells: ArrayLike<number>;
  hasNextPage: boolean;
  totalCount: number;
}

/** So many edges are sorted rather than looked for along the order of all. */
const FEW = 20_000;

/** The page after the cursor, with the count of all edges that pass. Throws `PageSizeError`, `CursorError`. */
export function edgePage(graph: CircuitGraph, options: EdgePageOptions): Connection<Edge> {
  const orderBy = options.orderBy ?? 'ABSOLUTE_SCORE_DESC';
  const first = pageSize(options.first, 100);
  const start = startPlace(graph, orderBy, options.after);
  const { cells, hasNextPage, totalCount } = pageCells(graph, orderBy, { start, first, filter: options.filter });
  const places = graph.places(orderBy);
  const edges = Array.from(cells, (cell) => ({
    cursor: encodeCursor(orderBy, places[cell]! - 1),
    node: edgeOf(graph, cell),
  }));
  const [startCursor = null, endCursor = null] = [edges[0]?.cursor, edges.at(-1)?.cursor];
  const pageInfo = { hasNextPage, hasPreviousPage: start > 0, startCursor, endCursor };
  return { edges, nodes: edges.map((edge) => edge.node), pageInfo, totalCount };
}

function startPlace(graph: CircuitGraph, orderBy: EdgeOrder, after: string | null | undefined): number {
  if (typeof after !== 'string') return 0;
  const place = Number(decodeCursor(orderBy, after));
  if (!Number.isInteger(place) || place < 0 || place >= graph.edgeCount) throw new CursorError(after);
  return place + 1;
}

interface PageRange {
  start: number;
  first: number;
}

function pageCells(
  graph: CircuitGraph,
  orderBy: EdgeOrder,
  options: PageRange & { filter?: EdgeFilter | null },
): Cells {
  const { start, first, filter } = options;
  const order = graph.ordered(orderBy);
  if (!filter) {
    const end = Math.min(start + first, order.length);
    return { cells: order.subarray(start, end), hasNextPage: end < order.length, totalCount: order.length };
  }
  const selection = edgeSelection(graph, filter);
  const totalCount = selection.count();
  const found =
    totalCount <= FEW
      ? sorted(graph, orderBy, { selection, totalCount, ...options })
      : walked(order, selection, options);
  return { cells: found.slice(0, first), hasNextPage: found.length > first, totalCount };
}

/** Up to `first` + 1 cells that pass, from `start` along the order of all edges. */
function walked(order: Uint32Array, selection: EdgeSelection, { start, first }: PageRange): number[] {
  const found: number[] = [];
  for (let place = start; place < order.length && found.length <= first; place++)
    if (selection.has(order[place]!)) found.push(order[place]!);
  return found;
}

/** As `walked`, where few pass: their places in the order, sorted. */
function sorted(
  graph: CircuitGraph,
  orderBy: EdgeOrder,
  { selection, totalCount, start, first }: PageRange & { selection: EdgeSelection; totalCount: number },
): number[] {
  const order = graph.ordered(orderBy);
  const placeOf = graph.places(orderBy);
  const chosen = selection
    .cells(totalCount)
    .map((cell) => placeOf[cell]! - 1)
    .filter((place) => place >= start)
    .sort()
    .subarray(0, first + 1);
  return Array.from(chosen, (place) => order[place]!);
}
