/** A process that runs passes when asked: tokens as the first line of stdin, then a pass's name a line; its seconds out. */
import { createInterface } from 'node:readline';
import { peakMemoryBytes, resetPeakMemory } from '../../libs/interp/src/engine/peak-memory.ts';
import type { PassName } from './model-passes.ts';

/** Runs one pass and resolves once it is done. */
export type RunPass = (name: PassName) => Promise<void> | void;

/** @param open makes what runs passes over the tokens; it is warm, and its weights are loaded, when it resolves. */
export async function servePasses(open: (tokens: number[][]) => Promise<RunPass>): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const run = await open(JSON.parse((await lines.next()).value as string) as number[][]);
  resetPeakMemory();
  say({ ready: true });
  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    const start = performance.now();
    await run(line as PassName);
    say({ seconds: (performance.now() - start) / 1000, peakBytes: peakMemoryBytes() });
  }
}

function say(message: object): void {
  console.log(JSON.stringify(message));
}
