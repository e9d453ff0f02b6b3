/** Runs mutants in child processes, and tells a crash, a hang and a hoard of memory from a refusal. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, MutantReport } from './try-mutants.ts';

const HEAP_MEGABYTES = 512;
const PEAK_MEGABYTES = 400;
const SLOW_MILLISECONDS = 8_000;
/** Without a word for so long, a child hangs; it also covers starting one. */
const SILENCE_MILLISECONDS = 120_000;

export interface Findings {
  /** Mutants by outcome: `opened` or the code of the refusal. */
  outcomes: Map<string, number>;
  /** Originals that do not pass, and why. */
  originals: [string, { outcome: string; message: string }][];
  broken: { mutant: number; why: string }[];
}

/** Runs the mutants of these numbers over `processes` children. */
export async function runMutants(seed: number, mutants: readonly number[], processes: number): Promise<Findings> {
  const findings: Findings = { outcomes: new Map(), originals: [], broken: [] };
  const shares = Array.from({ length: processes }, (_, share) => mutants.filter((_, i) => i % processes === share));
  await Promise.all(shares.map((share) => runShare(seed, share, findings)));
  return findings;
}

/** A child after the other: the mutant that ends one is noted, and the next child goes on after it. */
async function runShare(seed: number, share: number[], findings: Findings): Promise<void> {
  for (let left = share; left.length > 0;) {
    const { done, end } = await runChild(seed, left, findings);
    if (done < left.length) findings.broken.push({ mutant: left[done]!, why: end });
    left = left.slice(done + 1);
  }
}

/** How many mutants it reported, and how it ended if that was not all of them. */
async function runChild(seed: number, mutants: number[], findings: Findings): Promise<{ done: number; end: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'demur-fuzz-'));
  const child = forkChild({ seed, mutants, folder });
  const ended = Promise.withResolvers<string>();
  let done = 0;
  let errors = '';
  let silence = setTimeout(hang, SILENCE_MILLISECONDS);
  function hang(): void {
    child.kill('SIGKILL');
    ended.resolve(`no answer for ${SILENCE_MILLISECONDS / 1000} s`);
  }
  child.stderr?.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-2000)));
  child.on('message', (message: MutantReport | Pick<Findings, 'originals'>) => {
    clearTimeout(silence);
    silence = setTimeout(hang, SILENCE_MILLISECONDS);
    if ('originals' in message) findings.originals = message.originals;
    else note(message, findings, ++done);
  });
  child.on('close', (code, signal) => ended.resolve(`the process ended (${code ?? signal}): ${errors.slice(-600)}`));
  const end = await ended.promise;
  clearTimeout(silence);
  rmSync(folder, { recursive: true, force: true });
  return { done, end };
}

function forkChild(job: Job): ChildProcess {
  return fork(join(import.meta.dirname, 'try-mutants.ts'), [JSON.stringify(job)], {
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** The memory of a child never falls in its own account, so the first mutant above the limit is the one to blame. */
function note(
  { mutant, outcome, message, milliseconds, peakMegabytes }: MutantReport,
  findings: Findings,
  done: number,
): void {
  const { outcomes, broken } = findings;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (outcome === 'broken') broken.push({ mutant, why: message });
  if (milliseconds > SLOW_MILLISECONDS) broken.push({ mutant, why: `took ${Math.round(milliseconds)} ms` });
  if (peakMegabytes > PEAK_MEGABYTES)
    broken.push({ mutant, why: `${Math.round(peakMegabytes)} MB at mutant ${done} of a child` });
}
