/** Changes to the query of an address. */

/** A value by parameter; null or the empty string removes it. */
export type UrlChanges = Record<string, string | null>;

/** The query string after the changes, without a question mark. */
export function changedQuery(current: URLSearchParams, changes: UrlChanges): string {
  const next = new URLSearchParams(current);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next.toString();
}
