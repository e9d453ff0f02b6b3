'use client';
/** The page's state in its address, so that a link holds what one sees. */
import { useSearchParams } from 'next/navigation';
import { changedQuery, type UrlChanges } from './changed-query.ts';

/** Goes by the browser's history, which Next.js follows: no page is asked of the server for a change of state. */
function change(changes: UrlChanges, { push = false } = {}): void {
  const { pathname, search } = window.location;
  const query = changedQuery(new URLSearchParams(search), changes);
  window.history[push ? 'pushState' : 'replaceState'](null, '', query ? `${pathname}?${query}` : pathname);
}

/** `change` replaces the address; `{ push: true }` leaves a step for the back button. */
export function useUrlState() {
  return { params: useSearchParams(), change };
}
