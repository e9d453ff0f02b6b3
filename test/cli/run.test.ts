/** `demur run` as a user runs it: the command in a process of its own, its files, its exit code and what it prints. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableKinds, decodeSafetensors, encodeSafetensors, type PairSpec, type ResultJson } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { progressLine } from '../../apps/cli/src/progress-bar.ts';
import { difference, goldenCase } from '../golden/golden-case.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = join(root, 'apps/cli/bin/demur.js');
const golden = goldenCase('llama_mha', 'plain');
const attribution = { kind: 'attribution', model: golden.model, pairs: golden.pairs };

/** A model of a family that nobody asks for here. */
const unsupported = mkdtempSync(join(tmpdir(), 'demur-bert-'));
writeFileSync(join(unsupported, 'config.json'), JSON.stringify({ architectures: ['BertModel'], model_type: 'bert' }));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demur-cli-'));
});
afterAll(() => {
  for (const made of [folder, unsupported]) rmSync(made, { recursive: true, force: true });
});

let files = 0;

function specFile(spec: unknown): string {
  const file = join(folder, `spec-${files++}.json`);
  writeFileSync(file, typeof spec === 'string' ? spec : JSON.stringify(spec));
  return file;
}

function newOut(): string {
  return join(folder, `out-${files++}`);
}

interface Options {
  cwd?: string;
  input?: string;
  node?: string;
}

function demur(args: string[], { cwd = folder, input, node = process.execPath }: Options = {}) {
  const { status, stdout, stderr } = spawnSync(node, [command, ...args], { cwd, input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function readOut(out: string) {
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as ResultJson;
  return { result, bytes: readFileSync(join(out, 'arrays.safetensors')) };
}

describe('a run', () => {
  it('writes result.json and arrays.safetensors, prints nothing and exits with 0', () => {
    const out = join(newOut(), 'in', 'new', 'folders');
    expect(demur(['run', specFile(attribution), '--out', out])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readdirSync(out).sort()).toEqual(['arrays.safetensors', 'result.json']);
    const { result, bytes } = readOut(out);
    const arrays = decodeSafetensors(bytes);
    expect(Object.keys(arrays)).toEqual(['mask', 'scores']);
    expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-4);
    expect(result).toMatchObject({
      kind: 'attribution',
      spec: { ...attribution, options: { method: 'eap', kvHeads: 'expanded' } },
      senders: golden.json.senders,
      receivers: golden.json.receivers,
      edges: golden.json.n_edges,
      record: { backend: { name: expect.stringMatching(/^(tensorflow|wasm)$/) as string } },
    });
    const seconds = expect.any(Number) as number;
    expect(result.record.seconds).toEqual({ load: seconds, run: seconds, disk: 0 });
  });

  it('gives equal bytes for equal specs, over an earlier result', () => {
    const out = newOut();
    const spec = specFile({ ...attribution, options: { kvHeads: 'native' } });
    demur(['run', spec, '--out', out, '--backend', 'wasm', '--workers', '1']);
    const first = readOut(out).bytes;
    demur(['run', spec, '--out', out, '--backend', 'wasm', '--workers', '2']);
    const second = readOut(out).bytes;
    expect(second.equals(first)).toBe(true);
    expect(Buffer.from(encodeSafetensors(decodeSafetensors(second))).equals(second)).toBe(true);
  });

  it('reads the spec from standard input, and a model path from the current folder', () => {
    const out = newOut();
    const input = JSON.stringify({ ...attribution, model: 'test/golden/open/llama_mha/model' });
    expect(demur(['run', '-', '--out', out], { cwd: root, input })).toMatchObject({ status: 0, stderr: '' });
    expect(readOut(out).result.record.model.path).toBe(golden.model);
  });

  it('steers by a direction beside the spec, and writes completions', () => {
    const out = newOut();
    const name = `direction-${files++}.safetensors`;
    writeFileSync(join(folder, name), encodeSafetensors({ v: golden.arrays['steer.vector']! }));
    const direction = { file: name, name: 'v' };
    const options = { direction, coefficients: [0, 1.5], layers: [1], logits: 'last', maxTokens: 8 };
    const spec = specFile({ ...attribution, kind: 'steering', options });
    expect(demur(['run', spec, '--out', out], { cwd: root })).toEqual({ status: 0, stdout: '', stderr: '' });
    const { result, bytes } = readOut(out);
    const shapes = Object.entries(decodeSafetensors(bytes)).map(([array, { shape }]) => [array, shape]);
    expect(shapes).toEqual([
      ['baseline.clean', [2]],
      ['kl', [2, 2]],
      ['logits_last', [2, 2, 64]],
      ['metric', [2, 2]],
    ]);
    const completions = result.completions as { tokens: number[]; text: string | null }[][];
    const tokens = completions.map((pairs) => pairs.map((completion) => completion.tokens));
    expect(tokens).toEqual([golden.tokens['generate.plain'], golden.tokens['generate.add_all_pos']]);
    expect(completions.flat().every(({ text }) => text === null)).toBe(true);
  });

  it('opens on an older Node by handing over to the project’s own', ({ skip }) => {
    const older = ['/usr/bin/node', '/usr/local/bin/node', '/opt/node/bin/node'].find(isOlderNode);
    if (older === undefined) skip('there is no older Node on this machine');
    const out = newOut();
    expect(demur(['run', specFile(attribution), '--out', out], { node: older })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(readOut(out).result.record.versions['node']).toBe(process.version);
    expect(demur(['run', 'nowhere.json', '--out', out], { node: older }).status).toBe(1);
  });
});

function isOlderNode(file: string): boolean {
  if (!existsSync(file)) return false;
  const [major = 0, minor = 0] = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    .split('.')
    .map(Number);
  return major < 22 || (major === 22 && minor < 18);
}

describe('a refusal is one sentence, exit code 1, and no files', () => {
  const [first, second] = golden.pairs as [PairSpec, PairSpec];
  const prompt = (tokens: number[]) => ({ tokens });
  const withSecond = (change: Partial<PairSpec>) => ({ ...attribution, pairs: [first, { ...second, ...change }] });

  it.each<[string, unknown, string | RegExp]>([
    [
      'invalid JSON',
      '{ "kind": "attribution",\n  "model" 5 }',
      /spec-\d+\.json is not valid JSON: .* at line 2, column 11$/,
    ],
    ['JSON that ends early', '{ "kind":', /spec-\d+\.json is not valid JSON: .* at line 1, column 10$/],
    ['an empty file', '', /spec-\d+\.json is not valid JSON: .* at line 1, column 1$/],
    [
      'a kind that there is not',
      { ...attribution, kind: 'circuit' },
      `kind: "circuit" is not a kind of experiment; use ${availableKinds.join(', ')}`,
    ],
    [
      'a misspelt option',
      { ...attribution, options: { kvheads: 'native' } },
      'options.kvheads: not a field here; use method, steps, grid, postNorm, kvHeads, perPosition, bootstrap, bootstrapTop, checkExact',
    ],
    [
      'a data set by name',
      { ...attribution, pairs: 'bombs' },
      'pairs: no data set is named "bombs" here; use refusal, ioi, ioi-abc, greater-than, or give { "file": "pairs.jsonl" } or the pairs themselves',
    ],
    [
      'no such model',
      { ...attribution, model: 'no-such-model' },
      /^No model is at .*no-such-model; give the path of a Hugging Face directory or of a \.gguf file, or a Hub id: owner\/name\.$/,
    ],
    [
      'a directory without config.json',
      { ...attribution, model: tmpdir() },
      /has no config\.json; give the directory that holds config\.json/,
    ],
    [
      'an unsupported architecture',
      { ...attribution, model: unsupported },
      /architecture \["BertModel"\] .* is not supported/,
    ],
    [
      'unequal lengths',
      withSecond({ clean: prompt([1, 2]) }),
      'pairs[1]: clean has 2 tokens and corrupted 8; choose prompts of equal length',
    ],
    [
      'a token outside the vocabulary',
      withSecond({ answer: 99_999 }),
      /^pairs\[1\]\.answer: token 99999 is outside the model's vocabulary; give ids from 0 to \d+$/,
    ],
    [
      'text without a tokenizer',
      withSecond({ answer: ' Sorry' }),
      'pairs[1].answer: " Sorry" needs a tokenizer and this model has none; give token ids, or add its tokenizer.json',
    ],
    [
      'a layer that is not there',
      { ...attribution, kind: 'activations', options: { names: ['hook_embed', 'blocks.3.hook_resid_pre'] } },
      /^options\.names\[1\]: "blocks\.3\.hook_resid_pre" is not a hook: the model has layers 0 to 2$/,
    ],
    [
      'a column that is not there',
      { ...attribution, kind: 'activation-patching', options: { positions: [-1, 8] } },
      'options.positions[1]: 8 is no column: the longest prompt has 8 tokens; give columns from 0 to 7, or -8 to -1',
    ],
    [
      'a column twice',
      { ...attribution, kind: 'activation-patching', options: { positions: [7, -1] } },
      'options.positions[1]: -1 is column 7, which is given already',
    ],
  ])('%s', (_, spec, sentence) => {
    const out = newOut();
    const { status, stdout, stderr } = demur(['run', specFile(spec), '--out', out]);
    expect(stderr.endsWith('\n')).toBe(true);
    expect(stderr.slice(0, -1)).toMatch(/^[^\n]+$/);
    if (typeof sentence === 'string') expect(stderr).toBe(`${sentence}\n`);
    else expect(stderr.trimEnd()).toMatch(sentence);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, string[], RegExp]>([
    [
      'a spec that is not there',
      ['run', 'nowhere.json', '--out', 'o'],
      /^cannot read the spec nowhere\.json: there is no such file; .*\n$/,
    ],
    ['a spec that is a folder', ['run', '.', '--out', 'o'], /^cannot read the spec \.: it is a folder; .*\n$/],
    ['no --out', ['run', 'nowhere.json'], /^error: required option '--out <DIR>' not specified\n$/],
    [
      'an unknown backend',
      ['run', 'x', '--out', 'o', '--backend', 'cuda'],
      /^error: option '--backend <name>' argument 'cuda' is invalid\. Allowed choices are auto, tensorflow, webgpu, wasm\.\n$/,
    ],
    [
      'no workers',
      ['run', 'x', '--out', 'o', '--workers', '0'],
      /^error: option '--workers <n>' argument '0' is invalid\. give a whole number, 1 or more\.\n$/,
    ],
    ['an unknown command', ['dance'], /^error: unknown command 'dance'\n$/],
  ])('%s', (_, args, sentence) => {
    const { status, stderr } = demur(args);
    expect(stderr).toMatch(sentence);
    expect(status).toBe(1);
    expect(existsSync(join(folder, 'o'))).toBe(false);
  });

  it('an --out that is a file, or below one', () => {
    const file = specFile(attribution);
    expect(demur(['run', file, '--out', file]).stderr).toBe(
      `cannot write to ${file}: it is a file; choose another folder\n`,
    );
    const below = join(file, 'x');
    expect(demur(['run', file, '--out', below]).stderr).toBe(
      `cannot write to ${below}: it is a file; choose another folder\n`,
    );
  });

  it('an --out that cannot be made', ({ skip }) => {
    if (!existsSync('/proc/self')) skip('there is no /proc on this machine');
    const { status, stderr } = demur(['run', specFile(attribution), '--out', '/proc/out']);
    expect(stderr).toBe('cannot write to /proc/out: it cannot be made there; choose another folder\n');
    expect(status).toBe(1);
  });

  it('a full disk', ({ skip }) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk]).status === 0;
    if (!mounted) skip('this user may not mount a small disk');
    try {
      const { status, stderr } = demur(['run', specFile(attribution), '--out', disk]);
      expect(stderr).toBe(`cannot write to ${disk}: the disk is full; free some space or choose another folder\n`);
      expect(status).toBe(1);
      // On a slow machine the run was worth keeping its shards.
      expect(readdirSync(disk).filter((name) => name !== 'unfinished')).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

describe('an interruption', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('by %s ends with 130 and no files', async (signal) => {
    const out = newOut();
    const pairs = Array.from({ length: 2000 }, (_, at) => golden.pairs[at % 2]);
    const options = { activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'] };
    const spec = specFile({ ...attribution, kind: 'activation-patching', pairs, options });
    const child = spawn(process.execPath, [command, 'run', spec, '--out', out]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    while (!existsSync(out)) await sleep(20);
    await sleep(200); // while the engine starts; what a run keeps that is stopped later is resume.test.ts's part
    child.kill(signal);
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'cancelled\n' });
    expect(existsSync(out)).toBe(false);
  });
});

describe('progress', () => {
  it('is shown on a terminal', ({ skip }) => {
    if (spawnSync('script', ['--version']).status !== 0)
      skip('util-linux’s script, which gives a terminal, is not here');
    const line = `'${process.execPath}' '${command}' run '${specFile(attribution)}' --out '${newOut()}'`;
    const shown = execFileSync('script', ['-qec', line, '/dev/null'], { encoding: 'utf8' });
    expect(shown).toContain('running [########################] 100 %, 2/2 shards');
    expect(shown).toContain('warning: pairs[1]: the prompts differ in 2 tokens, at positions 3, 5');
  });

  it('tells the part done, the shards and the time left', () => {
    expect(progressLine({ stage: 'run', done: 1.5, total: 4 }, 30)).toBe(
      'running [#########---------------] 37 %, 1/4 shards, 50 s left',
    );
    expect(progressLine({ stage: 'run', done: 1, total: 2 }, 3, 'check')).toBe(
      'running [############------------] 50 %, 1/2 checks, 3 s left',
    );
    expect(progressLine({ stage: 'load', done: 0, total: 1 }, 0)).toBe(
      'loading the model [------------------------] 0 %',
    );
  });
});

describe('the command', () => {
  it('tells its version and its subcommands', () => {
    expect(demur(['--version'])).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
    expect(demur(['--help']).stdout).toMatch(/run .*\n[\s\S]*doctor/);
  });
});
