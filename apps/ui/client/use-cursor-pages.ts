'use client';
/** Pages by cursor with their state in the address: `after` is the page, `page` its number. */
import { useState } from 'react';
import { useUrlState } from './use-url-state.ts';

export interface PageEnd {
  hasNextPage: boolean;
  endCursor?: string | null;
}

/** The way back is remembered while the page is open; from a link to a later page it leads to the first. */
export function useCursorPages(prefix = '') {
  const { params, change } = useUrlState();
  const [trail, setTrail] = useState<Record<string, string | null>>({});
  const after = params.get(`${prefix}after`);
  const page = Math.max(1, Number(params.get(`${prefix}page`)) || 1);
  const go = (cursor: string | null, to: number): void =>
    change({ [`${prefix}after`]: cursor, [`${prefix}page`]: to > 1 ? String(to) : null }, { push: true });

  const next = (end: PageEnd | undefined): (() => void) | undefined => {
    const cursor = end?.hasNextPage ? end.endCursor : undefined;
    if (!cursor) return undefined;
    return () => {
      setTrail({ ...trail, [cursor]: after });
      go(cursor, page + 1);
    };
  };
  const back = after === null ? undefined : trail[after];
  const previous = after === null ? undefined : () => go(back ?? null, back === undefined ? 1 : page - 1);
  return { after, page, next, previous };
}
