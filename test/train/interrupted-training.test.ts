/** `npm run organism:train` that is killed, stopped and hindered: it goes on to the same bytes, or says what to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { signalAfterFiles } from '../support/signal-after-files.ts';

const script = fileURLToPath(new URL('../../scripts/train-organism.ts', import.meta.url));
const shipped = 'libs/train/models/refusal-organism';
const folder = mkdtempSync(join(tmpdir(), 'demur-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What was printed: progress, and what went wrong. */
  out: string;
  err: string;
}

/** Trains for a few small steps, unless a signal comes after its first checkpoint: in the middle. */
async function train(args: string[], signal?: NodeJS.Signals): Promise<Ended> {
  const env = signal === undefined ? process.env : signalAfterFiles({ count: 1, signal });
  const child = spawn(process.execPath, [script, '--steps', '24', '--batch', '2', ...args], { env });
  const told = { out: '', err: '' };
  child.stdout.on('data', (text) => (told.out += text));
  child.stderr.on('data', (text) => (told.err += text));
  const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal: by, ...told };
}

const checkpointsOf = (out: string): string[] => {
  const kept = join(out, 'unfinished');
  return existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith('.shard')) : [];
};

const filesOf = (out: string): Record<string, string> =>
  Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name)).toString('base64')]));

describe('a training', () => {
  it('that was killed, then stopped, goes on to the bytes of one that was not', async () => {
    const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
    const ofOthers = '0123456789abcdef-0.shard';
    mkdirSync(join(whole, 'unfinished'), { recursive: true });
    writeFileSync(join(whole, 'unfinished', ofOthers), 'the checkpoint of another training');
    const reference = train(['--out', whole]);
    const killed = await train(['--out', broken], 'SIGKILL');
    expect(killed.signal).toBe('SIGKILL');
    expect(existsSync(join(broken, 'model.safetensors'))).toBe(false);
    const stopped = await train(['--out', broken], 'SIGINT');
    expect(stopped.code).toBe(130);
    const [resumedAt, stoppedAt] = [
      Number(/going on after step (\d+)/.exec(stopped.out)?.[1]),
      Number(/stopped after step (\d+): run the same command to go on/.exec(stopped.err)?.[1]),
    ];
    expect(resumedAt).toBeGreaterThan(0);
    expect(stoppedAt).toBeGreaterThan(resumedAt);
    const rest = await train(['--out', broken]);
    expect(rest.out).toContain(`going on after step ${stoppedAt}\n`);
    const { code, out } = await reference;
    expect(code).toBe(0);
    expect(out).toContain(
      `The model is in ${whole}. Beside the one that ships: npm run organism:compare ${shipped} ${whole}\n`,
    );
    expect(checkpointsOf(whole)).toEqual([ofOthers]);
    rmSync(join(whole, 'unfinished'), { recursive: true });
    expect(filesOf(broken)).toEqual(filesOf(whole));
    expect(Object.keys(filesOf(broken))).toContain('model.safetensors');
  });

  it('takes no checkpoint of another seed, and refuses a damaged one by its name', async () => {
    const out = join(folder, 'damaged');
    await train(['--out', out], 'SIGINT');
    const [name] = checkpointsOf(out);
    const file = join(out, 'unfinished', name!);
    const other = await train(['--out', out, '--seed', '1'], 'SIGINT');
    expect(other.out).not.toContain('going on');
    expect(checkpointsOf(out)).toHaveLength(2);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    const refused = await train(['--out', out]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`${file} is damaged; delete it, and the training starts from its beginning\n`);
  });

  it.each([
    [['--seed', '1.5'], '--seed 1.5: use a whole number, 0 or more'],
    [['--steps', '0'], '--steps 0: use a whole number, 1 or more'],
    [['--out', join(script, 'model')], 'train-organism.ts/model: it is a file; choose another folder'],
    [['--sed', '1'], "Unknown option '--sed'"],
    [['--out', ''], '--out is an empty text: give a folder'],
    [['--out', shipped], `${shipped} holds a model already; give another folder, --out DIR, or delete that one`],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await train(args);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toContain('    at ');
  });
});
