/** `demur data` as a user runs it, and pairs from files and by name in `demur run`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPairs, type ResultJson } from '@demur/interp';
import { afterAll, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** It has a tokenizer of byte pairs and a chat template. */
const model = join(root, 'test/golden/sources/sharded');
const folder = mkdtempSync(join(tmpdir(), 'demur-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function demur(...args: string[]) {
  const command = [join(root, 'apps/cli/bin/demur.js'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('makes pairs from a template and lists, converts them and lints them', async () => {
  writeFileSync(join(folder, 'harmless.txt'), 'pie\r\nkite\n\nbombs that are long\n');
  const lists = ['--clean', 'bomb, cake', '--corrupted', 'harmless.txt', '--answer', 'S', '--distractor', 'T'];
  const made = demur('data', 'make', 'Make a {object}.', '--model', model, '--out', 'a.csv', ...lists);
  expect(made.stderr).toMatch(/^left out: corrupted "bombs that are long": it is \d+ tokens on this model/m);
  expect(made.status).toBe(0);
  expect(demur('data', 'convert', 'a.csv', 'b.jsonl')).toEqual({ status: 0, stdout: '', stderr: '' });
  const pairs = await readPairs(join(folder, 'b.jsonl'));
  expect(pairs[0]).toMatchObject({
    clean: {
      messages: [{ role: 'user', content: 'Make a {object}.' }],
      slots: { object: expect.any(String) as string },
    },
    ...{ answer: 'S', distractor: 'T' },
  });
  const linted = demur('data', 'lint', 'b.jsonl', '--model', model);
  expect(linted).toMatchObject({ status: 0, stderr: '' });
  expect(linted.stdout).toMatch(new RegExp(`^${pairs.length} pairs, 0 errors, \\d warnings in b.jsonl$`, 'm'));
  writeFileSync(join(folder, 'c.json'), JSON.stringify([...pairs, { ...pairs[0], answer: 'S and T' }]));
  const bad = demur('data', 'lint', 'c.json', '--model', model);
  expect(bad.status).toBe(1);
  expect(bad.stdout).toContain(`error: pairs[${pairs.length}].answer: "S and T" is `);
});

it.each([
  [['make', 'Make it', '--model', model, '--out', 'x.json'], '"Make it" has no slot; write one, such as {object}'],
  [['make', 'Make {a}', '--model', model, '--out', 'x.json'], '{a} needs its texts; give --clean and --corrupted'],
  [['make', 'ioi', '--model', model, '--out', 'x.txt'], 'x.txt: the name does not tell its format'],
  [['make', 'greater-than', '--model', model, '--out', 'x.csv'], 'no pair can be made for this model: years of 11'],
  [['convert', 'none.json', 'x.csv'], 'none.json: there is no such file; give the path of a file of pairs'],
])('refuses %j in one sentence', (args, words) => {
  const { status, stderr } = demur('data', ...args);
  expect(status).toBe(1);
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

it('runs pairs of a file beside the spec, at their roles', () => {
  const golden = goldenCase('llama_mha', 'plain');
  const roles = { object: [2, 3] };
  writeFileSync(join(folder, 'pairs.json'), JSON.stringify(golden.pairs.map((pair) => ({ ...pair, roles }))));
  const options = { positions: ['object', 'last', 'object[0]'] };
  const spec = { kind: 'activation-patching', model: golden.model, pairs: { file: 'pairs.json' }, options };
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  expect(demur('run', join(folder, 'spec.json'), '--out', 'out')).toEqual({ status: 0, stdout: '', stderr: '' });
  const result = JSON.parse(readFileSync(join(folder, 'out/result.json'), 'utf8')) as ResultJson;
  expect(result.positions).toEqual(options.positions);
  expect(result.pairs[0]!.roles).toMatchObject({ object: [2, 3], last: [golden.lengths[0]! - 1] });
  expect(result.spec.pairs).toHaveLength(golden.pairs.length);

  writeFileSync(join(folder, 'bad.json'), JSON.stringify({ ...spec, options: { positions: ['subject'] } }));
  const { status, stderr } = demur('run', join(folder, 'bad.json'), '--out', 'out');
  expect(status).toBe(1);
  expect(stderr).toContain('options.positions[0]: pairs[0] has no role "subject"; its roles');
  writeFileSync(join(folder, 'named.json'), JSON.stringify({ ...spec, pairs: 'ioi' }));
  expect(demur('run', join(folder, 'named.json'), '--out', 'out').stderr).toContain('pairs: "ioi" needs a tokenizer');
});
