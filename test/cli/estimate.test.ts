/** `demur estimate` as a user runs it: a table, JSON, and a sentence for a spec that is wrong. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CostEstimate } from '@demur/interp';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';

const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
const golden = goldenCase('llama_gqa_tied', 'plain');
const folder = mkdtempSync(join(tmpdir(), 'demur-estimate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function estimate(spec: object, ...options: string[]) {
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  const args = [command, 'estimate', 'spec.json', '--backend', 'wasm', '--workers', '1', ...options];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}

describe('demur estimate', () => {
  const spec = { kind: 'attribution', model: golden.model, pairs: golden.pairs };

  it('prints a short table and writes nothing', () => {
    const { status, stdout, stderr } = estimate(spec, '--memory', '4GB');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['time', 'memory', 'tokens', 'shards']);
    expect(lines[1]).toMatch(/ of 4GB \(weights [\d.]+GB, activations [\d.]+GB\)$/);
    expect(readdirSync(folder)).toEqual(['spec.json']);
  });

  it('prints JSON, the tokens as many as the pairs have rows in blocks', () => {
    const { status, stdout } = estimate({ ...spec, options: { kvHeads: 'native' } }, '--json');
    expect(status).toBe(0);
    const cost = JSON.parse(stdout) as CostEstimate;
    // Each pair is a shard: both sides forwards from the first difference on after a prefix, and the clean side back.
    const suffixes = golden.pairs.map(({ clean, corrupted }) => {
      const [a, b] = [clean, corrupted].map((prompt) => (prompt as { tokens: number[] }).tokens) as [
        number[],
        number[],
      ];
      const prefix = a.findIndex((token, i) => token !== b[i]);
      return { prefix, suffix: a.length - prefix };
    });
    expect(cost.forwardTokens).toBeCloseTo(
      suffixes.reduce((sum, { prefix, suffix }) => sum + prefix + 2 * suffix, 0),
      6,
    );
    expect(cost.backwardTokens).toBeCloseTo(
      suffixes.reduce((sum, { suffix }) => sum + suffix, 0),
      6,
    );
  });

  it('refuses a wrong spec as a run does', () => {
    const { status, stdout, stderr } = estimate({ ...spec, options: { method: 'ig' } });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('options.method');
  });
});
