'use client';
/** The page's state in its address, so that a link holds what one sees. */
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

export type UrlChanges = Record<string, string | null>;

/** The query string after the changes; an empty value removes its parameter. */
export function changedQuery(current: URLSearchParams, changes: UrlChanges): string {
  const next = new URLSearchParams(current);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next.toString();
}

/** `change` replaces the address; `{ push: true }` leaves a step for the back button. */
export function useUrlState() {
  const params = useSearchParams();
  const pathname = usePathname();
  const router = useRouter();
  const change = useCallback(
    (changes: UrlChanges, { push = false } = {}): void => {
      const query = changedQuery(new URLSearchParams(window.location.search), changes);
      router[push ? 'push' : 'replace'](query ? `${pathname}?${query}` : pathname, { scroll: false });
    },
    [pathname, router],
  );
  return { params, change };
}
