/** The budget of memory that a run may take: as people write it, or by the machine. */
import { DemurError } from '@demur/model';

const units: Record<string, number> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const binaryUnits: Record<string, number> = { KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

/** Part of the memory that is free when the engine starts: the rest of the machine goes on working. */
const SHARE_OF_AVAILABLE = 3 / 4;

/** However little is free: enough for the engine and a small model, which the machine may have to swap for. */
const LEAST_BYTES = 2e9;

/** A size of memory that cannot be read. */
export class MemorySizeError extends DemurError {
  constructor(text: string) {
    super('MEMORY_SIZE', `"${text}" is no size of memory; give a number with a unit, such as 8GB or 512MiB`);
  }
}

/** Bytes of a size such as `8GB`, `512 MiB` or `1.5e9`. @throws MemorySizeError */
export function parseMemorySize(text: string): number {
  const parts = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = parts?.[2]?.toUpperCase() ?? '';
  const bytes = Math.floor(Number(parts?.[1]) * (units[unit] ?? binaryUnits[unit] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new MemorySizeError(text);
}

/** What a run may take where nobody says: a share of what is available, within the limits of a container (cgroup). */
export function defaultMemoryBytes(): number {
  return Math.max(LEAST_BYTES, Math.floor(process.availableMemory() * SHARE_OF_AVAILABLE));
}
