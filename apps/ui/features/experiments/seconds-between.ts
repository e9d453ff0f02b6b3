/** Seconds from one moment to a later one; undefined while one of them is missing. */
export function secondsBetween(from?: string | null, to?: string | null): number | undefined {
  return from && to ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) : undefined;
}
