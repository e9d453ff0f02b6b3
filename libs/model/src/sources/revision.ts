// The commit that a model is of, where it lies in Hugging Face's cache.

/** The 40 hex digits after `snapshots`, of a snapshot or of a file in one; null for every other path. */
export function revisionOf(path: string): string | null {
  return /[\\/]snapshots[\\/]([0-9a-f]{40})(?=[\\/]|$)/.exec(path)?.[1] ?? null;
}
