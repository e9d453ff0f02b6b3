/** `demur model check` as a user runs it: what it prints, its exit code, and what a later run's record says. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelCheck, ResultJson } from '@demur/interp';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = join(root, 'apps/cli/bin/demur.js');
const model = join(root, 'test/golden/llama_bias/model');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demur-cli-check-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function demur(...args: string[]) {
  const env = { ...process.env, DEMUR_CACHE: join(folder, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const engine = ['--backend', 'wasm', '--workers', '1'];

function recordOfRun(): ResultJson['record'] {
  const spec = join(folder, 'spec.json');
  const pairs = [{ clean: { tokens: [1, 2, 3] }, corrupted: { tokens: [1, 4, 3] }, answer: 5, distractor: 6 }];
  writeFileSync(spec, JSON.stringify({ kind: 'attribution', model, pairs }));
  expect(demur('run', spec, '--out', join(folder, 'out'), ...engine)).toMatchObject({ status: 0, stderr: '' });
  return (JSON.parse(readFileSync(join(folder, 'out/result.json'), 'utf8')) as ResultJson).record;
}

it('prints a line a check and exits with 0; records of later runs name the outcome', () => {
  expect(recordOfRun().check).toBeNull();
  const { status, stdout, stderr } = demur('model', 'check', model, ...engine);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^passed {2}reference-activations {2}\d\.\de-\d ≤ 1e-4 +Logits and activations/m);
  expect(stdout).toMatch(/^skipped tokenizer .*\(the model has no tokenizer\)$/m);
  expect(stdout).toMatch(/^12 passed, 0 failed, 2 skipped on wasm \S+, weights in memory, demur /m);
  const at = expect.any(String) as string;
  expect(recordOfRun().check).toEqual({ passed: true, at, backend: 'wasm' });
});

it('exits with 1 and names what failed; --json is for machines', () => {
  const wrong = join(folder, 'wrong');
  cpSync(model, wrong, { recursive: true });
  const config = JSON.parse(readFileSync(join(wrong, 'config.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(wrong, 'config.json'), JSON.stringify({ ...config, rms_norm_eps: 0.1 }));
  const { status, stdout, stderr } = demur('model', 'check', wrong, '--json', ...engine);
  expect(stderr).toBe('2 of 14 checks failed: reference-activations, reference-gradients.\n');
  expect(status).toBe(1);
  const outcome = JSON.parse(stdout) as ModelCheck;
  expect(outcome).toMatchObject({ passed: false, residency: 'resident' });
  expect(outcome.checks.filter(({ status }) => status === 'failed').map(({ name }) => name)).toEqual([
    'reference-activations',
    'reference-gradients',
  ]);
});

it('refuses a model that is not there in one sentence', () => {
  const { status, stdout, stderr } = demur('model', 'check', './nowhere', ...engine);
  expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 1, stdout: '', lines: 1 });
  expect(stderr).toContain('nowhere');
});
