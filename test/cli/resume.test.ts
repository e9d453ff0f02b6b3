/** `demur run` after `demur run` was killed: the same bytes as without, from what the killed ones had finished. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultJson } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { signalAfterFiles } from '../support/signal-after-files.ts';

const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
const golden = goldenCase('llama_mha', 'plain');

/** Some seconds of work, for one worker, in 40 shards. */
const long = {
  kind: 'edge-patching',
  model: golden.model,
  pairs: Array.from({ length: 320 }, (_, at) => golden.pairs[at % 2]),
  options: { edges: 'all' },
};
const short = { kind: 'attribution', model: golden.model, pairs: golden.pairs };

/** In memory where that can be: on a busy disk, a run may be at its end before its first shard is written. */
const memory = '/dev/shm';
const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'demur-resume-'));
const [longSpec, shortSpec] = [join(folder, 'long.json'), join(folder, 'short.json')];
const out = join(folder, 'out');
let reference: Buffer;
beforeAll(() => {
  writeFileSync(longSpec, JSON.stringify(long));
  writeFileSync(shortSpec, JSON.stringify(short));
  run(longSpec, join(folder, 'reference'));
  reference = arraysOf(join(folder, 'reference'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function argumentsOf(spec: string, dir: string): string[] {
  return ['run', spec, '--out', dir, '--workers', '1'];
}

function run(spec: string, dir: string, ...more: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [command, ...argumentsOf(spec, dir), ...more], {
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

/** Starts the long run, which is interrupted once it has kept so many more shards; tells how it ended. */
async function interrupted(count: number, signal: NodeJS.Signals, to: 'itself' | 'its first child' = 'itself') {
  const env = signalAfterFiles({ count, signal, to });
  const child = spawn(process.execPath, [command, ...argumentsOf(longSpec, out)], { env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, ended] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal: ended, stderr, kept: keptIn(out).length };
}

describe('a run that is killed again and again', () => {
  it('is killed after its first shards, which stay', async () => {
    const { signal, kept } = await interrupted(1, 'SIGKILL');
    expect(signal).toBe('SIGKILL');
    expect(kept).toBeGreaterThan(0);
    expect(readdirSync(out)).toEqual(['unfinished']);
  });

  it('goes on from them, is interrupted, and says how to go on', async () => {
    const before = keptIn(out).length;
    const { code, stderr, kept } = await interrupted(2, 'SIGINT');
    expect(code).toBe(130);
    expect(kept).toBeGreaterThan(before + 1);
    expect(stderr).toBe(
      `took ${before} of 40 shards from an earlier run\nstopped; ${kept} shards are kept: run the same command to go on\n`,
    );
  });

  it('goes on, and loses its engine', async () => {
    const before = keptIn(out).length;
    const { code, stderr, kept } = await interrupted(2, 'SIGKILL', 'its first child');
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
    expect(stderr).toContain(`took ${whole} of 40 shards from an earlier run\n`);
    expect(arraysOf(copy).equals(reference)).toBe(true);
    expect(run(shortSpec, `${copy}-other`)).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(`${copy}-other`).sort()).toEqual(['arrays.safetensors', 'result.json']);
    // A run that took shards would say so.
    expect(run(longSpec, `${copy}-fresh`, '--fresh')).toEqual({ status: 0, stderr: '' });
  });

  it('goes on to its end, and gives the bytes of one that was let alone', () => {
    const before = keptIn(out).length;
    expect(run(longSpec, out)).toEqual({ status: 0, stderr: `took ${before} of 40 shards from an earlier run\n` });
    expect(readdirSync(out).sort()).toEqual(['arrays.safetensors', 'result.json']);
    expect(arraysOf(out).equals(reference)).toBe(true);
    const { resumed, seconds, startedAt } = recordOf(out);
    expect(resumed).toEqual({ shards: before, begun: 0, of: 40, since: expect.any(String) as string });
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

it('keeps what it has finished when the disk is full', ({ skip }) => {
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
    expect(run(longSpec, disk)).toEqual({ status: 0, stderr: `took ${kept} of 40 shards from an earlier run\n` });
    expect(arraysOf(disk).equals(reference)).toBe(true);
  } finally {
    spawnSync('umount', [disk]);
  }
});
