/** `demur run` after `demur run` was killed: the same bytes as without, from what the killed ones had finished. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ResultJson } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';

const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
const golden = goldenCase('llama_mha', 'plain');

/** Some seconds of work, for one worker, in 20 shards. */
const long = {
  kind: 'activation-patching',
  model: golden.model,
  pairs: Array.from({ length: 160 }, (_, at) => golden.pairs[at % 2]),
  options: { activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'] },
};
const short = { kind: 'attribution', model: golden.model, pairs: golden.pairs };

const folder = mkdtempSync(join(tmpdir(), 'demur-resume-'));
const [longSpec, shortSpec] = [join(folder, 'long.json'), join(folder, 'short.json')];
const out = join(folder, 'out');
let reference: Buffer;
beforeAll(() => {
  writeFileSync(longSpec, JSON.stringify(long));
  writeFileSync(shortSpec, JSON.stringify(short));
  run(longSpec, join(folder, 'reference'));
  reference = arraysOf(join(folder, 'reference'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function argumentsOf(spec: string, dir: string): string[] {
  return ['run', spec, '--out', dir, '--workers', '1'];
}

function run(spec: string, dir: string) {
  const { status, stderr } = spawnSync(process.execPath, [command, ...argumentsOf(spec, dir)], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

function arraysOf(dir: string): Buffer {
  return readFileSync(join(dir, 'arrays.safetensors'));
}

function recordOf(dir: string): ResultJson['record'] {
  return (JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')) as ResultJson).record;
}

function keptIn(dir: string): string[] {
  const unfinished = join(dir, 'unfinished');
  return existsSync(unfinished) ? readdirSync(unfinished).filter((name) => name.endsWith('.shard')) : [];
}

/** Starts the long run, does `stop` to it when it is time, and tells how it ended. */
async function stopWhen(isTime: () => boolean, stop: (child: ChildProcess) => void, args = argumentsOf(longSpec, out)) {
  const child = spawn(process.execPath, [command, ...args]);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close');
  while (!isTime() && child.exitCode === null) await sleep(5);
  stop(child);
  const [code, signal] = (await closed) as [number | null, string | null];
  return { code, signal, stderr, kept: keptIn(out).length };
}

/** The engine's process, which the command has started. */
function engineOf({ pid }: ChildProcess): number {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return Number(stdout.trim().split('\n')[0]);
}

describe('a run that is killed again and again', { timeout: 240_000 }, () => {
  it('is killed after its first shards, which stay', async () => {
    const { signal, kept } = await stopWhen(
      () => keptIn(out).length > 0,
      (child) => child.kill('SIGKILL'),
    );
    expect(signal).toBe('SIGKILL');
    expect(kept).toBeGreaterThan(0);
    expect(readdirSync(out)).toEqual(['unfinished']);
  });

  it('goes on from them, is interrupted, and says how to go on', async () => {
    const before = keptIn(out).length;
    const { code, stderr, kept } = await stopWhen(
      () => keptIn(out).length > before + 1,
      (child) => child.kill('SIGINT'),
    );
    expect(code).toBe(130);
    expect(kept).toBeGreaterThan(before + 1);
    expect(stderr).toBe(
      `took ${before} of 20 shards from an earlier run\nstopped; ${kept} shards are kept: run the same command to go on\n`,
    );
  });

  it('goes on, and loses its engine', async () => {
    const before = keptIn(out).length;
    const { code, stderr, kept } = await stopWhen(
      () => keptIn(out).length > before + 1,
      (child) => process.kill(engineOf(child), 'SIGKILL'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/shards from an earlier run\nthe engine process stopped \(SIGKILL\) .*; run it again.*\n$/);
    expect(kept).toBeGreaterThan(before + 1);
  });

  it('runs shards again whose files are damaged or cut short, starts over if asked, and makes way for another spec', async () => {
    const [damaged, cut] = keptIn(out) as [string, string];
    const copy = join(folder, 'copy');
    for (const dir of [copy, `${copy}-fresh`, `${copy}-other`]) cpSync(out, dir, { recursive: true });
    for (const [name, change] of [[damaged, flipped] as const, [cut, halved] as const]) {
      const file = join(copy, 'unfinished', name);
      writeFileSync(file, change(readFileSync(file)));
    }
    const whole = keptIn(copy).length - 2;
    const { status, stderr } = run(longSpec, copy);
    const lines = [damaged, cut].map((name) => `${join(copy, 'unfinished', name)} is damaged: this shard runs again\n`);
    expect(status).toBe(0);
    for (const line of lines) expect(stderr).toContain(line);
    expect(stderr).toContain(`took ${whole} of 20 shards from an earlier run\n`);
    expect(arraysOf(copy).equals(reference)).toBe(true);
    expect(run(shortSpec, `${copy}-other`)).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(`${copy}-other`).sort()).toEqual(['arrays.safetensors', 'result.json']);
    const fresh = [...argumentsOf(longSpec, `${copy}-fresh`), '--fresh'];
    const kill = (child: ChildProcess) => child.kill('SIGKILL');
    const { stderr: said } = await stopWhen(() => keptIn(`${copy}-fresh`).length === 0, kill, fresh);
    expect(said).toBe('');
  });

  it('goes on to its end, and gives the bytes of one that was let alone', () => {
    const before = keptIn(out).length;
    expect(run(longSpec, out)).toEqual({ status: 0, stderr: `took ${before} of 20 shards from an earlier run\n` });
    expect(readdirSync(out).sort()).toEqual(['arrays.safetensors', 'result.json']);
    expect(arraysOf(out).equals(reference)).toBe(true);
    const { resumed, seconds, startedAt } = recordOf(out);
    expect(resumed).toEqual({ shards: before, begun: 0, of: 20, since: expect.any(String) as string });
    expect(resumed!.since < startedAt).toBe(true);
    expect(seconds.run).toBeGreaterThan(1);
  });
});

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}

function halved(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

it('keeps what it has finished when the disk is full', { timeout: 120_000 }, ({ skip }) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mount = ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk];
  if (spawnSync('mount', mount).status !== 0) skip('this user may not mount a small disk');
  try {
    const { status, stderr } = run(longSpec, disk);
    expect(stderr).toBe(
      `cannot write to ${join(disk, 'unfinished')}: the disk is full; free some space or choose another folder\n`,
    );
    expect(status).toBe(1);
    const kept = keptIn(disk).length;
    expect(kept).toBeGreaterThan(2);
    expect(readdirSync(join(disk, 'unfinished')).length).toBe(kept);
    spawnSync('mount', ['-o', 'remount,size=64m', disk]);
    expect(run(longSpec, disk)).toEqual({ status: 0, stderr: `took ${kept} of 20 shards from an earlier run\n` });
    expect(arraysOf(disk).equals(reference)).toBe(true);
  } finally {
    spawnSync('umount', [disk]);
  }
});
