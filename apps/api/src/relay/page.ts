/** Pages and their bounds: what `first` may be, and how a cursor is written. Cursors are opaque to callers. */
import { DemurError } from '@demur/model';
import type { Connection, ConnectionEdge } from './connection.ts';

/** The most items of one page. */
export const MAX_PAGE = 1000;

/** A page of a size that cannot be served. */
export class PageSizeError extends DemurError {
  constructor(name: string, value: number, max: number) {
    super('INVALID_PAGE', `${name}: ${value} is outside 1 to ${max}; ask for fewer and go on with after`);
  }
}

/** A cursor that this list never gave. */
export class CursorError extends DemurError {
  constructor(cursor: string) {
    super(
      'INVALID_CURSOR',
      `"${cursor}" is not a cursor of this list; use a cursor or endCursor of an earlier page of the same order`,
    );
  }
}

/** `value` if it is from 1 to `max`, `fallback` if it was left out. Throws `PageSizeError`. */
export function pageSize(
  value: number | null | undefined,
  fallback: number,
  options: { name?: string; max?: number } = {},
): number {
  const { name = 'first', max = MAX_PAGE } = options;
  const size = value ?? fallback;
  if (size < 1 || size > max) throw new PageSizeError(name, size, max);
  return size;
}

/** A place in a list as an opaque cursor; `list` tells one list's cursors from another's. */
export function encodeCursor(list: string, place: string | number): string {
  return Buffer.from(`${list}:${place}`).toString('base64url');
}

/** The place a cursor of `list` stands for. Throws `CursorError`. */
export function decodeCursor(list: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (!text.startsWith(`${list}:`) || encodeCursor(list, text.slice(list.length + 1)) !== cursor)
    throw new CursorError(cursor);
  return text.slice(list.length + 1);
}

/** A page of `edges` out of `totalCount`, `before` of which come earlier. */
export function connection<Item>(
  edges: ConnectionEdge<Item>[],
  { before, totalCount }: { before: number; totalCount: number },
): Connection<Item> {
  const pageInfo = {
    hasNextPage: before + edges.length < totalCount,
    hasPreviousPage: before > 0,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { edges, nodes: edges.map((edge) => edge.node), pageInfo, totalCount };
}
