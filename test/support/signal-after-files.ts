/**
 * Interrupts a program under test in the middle of its work, however fast or busy the machine is: the program itself sends the
 * signal, as soon as it has kept its nth shard or checkpoint. Whoever watches from outside may come too late.
 */
import { spawnSync } from 'node:child_process';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

interface Interruption {
  count: number;
  signal: NodeJS.Signals;
  /** To the program, or to the child that it started first. */
  to?: 'itself' | 'its first child';
}

const VARIABLE = 'DEMUR_TEST_INTERRUPTION';

/** The environment of a Node program that is to be interrupted. */
export function signalAfterFiles(interruption: Interruption): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: `--import ${import.meta.url}`, [VARIABLE]: JSON.stringify(interruption) };
}

/** The child of this process with the lowest id. */
function firstChild(): number {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return Number(stdout.trim().split('\n')[0]);
}

function interrupt({ count, signal, to = 'itself' }: Interruption): void {
  const { rename } = promises;
  let kept = 0;
  promises.rename = async (from, name) => {
    if (!String(name).endsWith('.shard')) return rename(from, name);
    kept += 1;
    const isLast = kept === count;
    await rename(from, name);
    if (isLast) process.kill(to === 'itself' ? process.pid : firstChild(), signal);
  };
  syncBuiltinESMExports();
}

const given = process.env[VARIABLE];
if (given !== undefined) interrupt(JSON.parse(given) as Interruption);
