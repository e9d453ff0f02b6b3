/** The most memory this process has had resident, in bytes. On Linux it can be reset, so that it speaks of one run. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Starts the peak anew where the system can; elsewhere it stays that of the whole process. */
export function resetPeakMemory(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or a kernel without it: the peak is then that of the process.
  }
}

export function peakMemoryBytes(): number {
  try {
    const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line?.[1] !== undefined) return Number(line[1]) * 1024;
  } catch {
    // Not Linux: getrusage below.
  }
  return process.resourceUsage().maxRSS * 1024;
}
