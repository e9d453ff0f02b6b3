'use client';
/** The page's state in its address, so that a link holds what one sees. */
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';
import { changedQuery, type UrlChanges } from './changed-query.ts';

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
