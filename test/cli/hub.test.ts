/** The command on a model by Hub id: downloaded from a Hub on this machine, run, described, refused. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, type ResultJson } from '@demur/interp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { progressLine } from '../../apps/cli/src/progress-bar.ts';
import { difference, goldenCase } from '../golden/golden-case.ts';
import { filesOf, openFakeHub, type FakeHub } from '../support/fake-hub.ts';

const command = join(import.meta.dirname, '../../apps/cli/bin/demur.js');
const golden = goldenCase('llama_mha', 'plain');
const commit = '0123456789abcdef0123456789abcdef01234567';

let hub: FakeHub;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'demur-cli-hub-'));
  hub = await openFakeHub({ 'lab/tiny': { commit, revisions: ['v1'], files: filesOf(golden.model) } });
});
afterAll(async () => {
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({ ...process.env, HF_ENDPOINT: hub.endpoint, HF_HOME: join(home, 'huggingface') });

/** Not spawnSync: the Hub is in this process. */
function demur(args: string[], settings: Record<string, string> = {}) {
  const options = { cwd: home, env: { ...environment(), ...settings } };
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    const child = execFile(process.execPath, [command, ...args], options, (_, stdout, stderr) =>
      done({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

function specFile(model: string): string {
  const file = join(home, 'spec.json');
  writeFileSync(file, JSON.stringify({ kind: 'attribution', model, pairs: golden.pairs }));
  return file;
}

it('runs a model by its id, and writes its commit into the record', async () => {
  const out = join(home, 'out');
  const ran = await demur(['run', specFile('lab/tiny@v1'), '--out', out, '--workers', '1']);
  expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
  const { spec, record } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as ResultJson;
  expect(spec.model).toBe('lab/tiny@v1');
  expect(record.model).toMatchObject({
    revision: commit,
    path: join(home, 'huggingface/hub/models--lab--tiny/snapshots', commit),
  });
  const arrays = decodeSafetensors(readFileSync(join(out, 'arrays.safetensors')));
  expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-4);
});

it('adds a model and tells what it is, with or without a network', async () => {
  const added = await demur(['model', 'add', 'lab/tiny']);
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(added.stdout).toContain(`path        ${join(home, 'huggingface/hub/models--lab--tiny/snapshots', commit)}\n`);
  expect(added.stdout).toContain(`revision    ${commit}\n`);
  expect(added.stdout).toContain('family      llama\n');
  expect(added.stdout).toMatch(/parameters {2}[\d.]+ k\n/);
  expect((await demur(['model', 'add', 'lab/tiny'], { HF_HUB_OFFLINE: '1' })).stdout).toBe(added.stdout);
  const local = await demur(['model', 'add', golden.model]);
  expect(local.stdout).toContain(`path        ${golden.model}\n`);
});

it.each([
  [
    'lab/none',
    /^"lab\/none" is neither a path here nor a repository on http:\/\/127\.0\.0\.1:\d+; check its spelling, and set HF_TOKEN if it is private\.\n$/,
  ],
  ['lab/tiny@v2', /^lab\/tiny has no revision "v2"; give a branch, a tag or a commit, or leave it out\.\n$/],
  ['no/such/path', /^No model is at .*no\/such\/path; /],
])('refuses %s in one sentence, and leaves no files', async (model, message) => {
  const out = join(home, 'refused');
  const { status, stderr } = await demur(['run', specFile(model), '--out', out]);
  expect(stderr).toMatch(message);
  expect(status).toBe(1);
  expect(existsSync(out)).toBe(false);
});

it('tells how far a download is, and a cancelled one as cancelled', async () => {
  expect(progressLine({ stage: 'download', done: 134_000_000, total: 269_000_000 }, 30)).toBe(
    'downloading [############------------] 49 %, 134/269 MB, 31 s left',
  );
  hub.faults.pauseMs = 3000;
  const child = execFile(process.execPath, [command, 'model', 'add', 'lab/tiny'], {
    env: { ...environment(), HF_HOME: join(home, 'other') },
  });
  let stderr = '';
  child.stderr!.on('data', (text: string) => (stderr += text));
  await expect.poll(() => hub.fetches().length).toBe(2);
  child.kill('SIGINT');
  const code = await new Promise((ended) => child.on('close', ended));
  expect({ code, stderr }).toEqual({ code: 130, stderr: 'cancelled\n' });
  hub.faults.pauseMs = 0;
});
