/** `demur circuit` as a user runs it: files in and out, what is told on stderr, and exit codes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { circuitFormats, encodeSafetensors, readCircuit } from '@demur/interp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emptyCircuit } from '../../libs/interp/src/formats/scored-circuit.ts';

const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
const record = { model: 'tiny', method: 'eap' };

let folder: string;
const at = (name: string) => join(folder, name);
const read = (name: string) => readCircuit(readFileSync(at(name)));

/** A graph of two layers whose four heads share two key/value heads, every edge with a score of its own. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demur-cli-circuit-'));
  const shape = { nLayers: 2, nHeads: 4, kvHeads: 'expanded' as const, nKvHeads: 2, parallel: false, dModel: 8 };
  const circuit = emptyCircuit(shape, record);
  for (const cell of circuit.scores.keys()) if (circuit.mask[cell] !== 0) circuit.scores[cell] = Math.sin(cell + 1);
  writeFileSync(at('graph.json'), [...circuitFormats['eap-ig'].write(circuit)].join(''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function circuit(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'circuit', ...args], {
    encoding: 'utf8',
    cwd: folder,
  });
  return { status, stdout, stderr };
}

const silent = { status: 0, stdout: '', stderr: '' };

it('converts there and back without loss, the record beside lines of edges', () => {
  expect(circuit('convert', 'graph.json', 'edges.csv')).toEqual(silent);
  const back = ['convert', 'edges.csv', 'back.json', '--sidecar', 'edges.csv.sidecar.json', '--d-model', '8'];
  expect(circuit(...back)).toEqual(silent);
  expect(readFileSync(at('back.json'), 'utf8')).toBe(readFileSync(at('graph.json'), 'utf8'));
});

it('tells what a file does not record, and what a loader will miss', () => {
  circuit('convert', 'graph.json', 'bare.csv');
  const { status, stderr } = circuit('convert', 'bare.csv', 'bare.json');
  expect(status).toBe(0);
  expect(stderr.split('\n')).toEqual([expect.stringContaining('--sidecar'), expect.stringContaining('--d-model'), '']);
});

it('converts between graphs where it can, and names the edges where it cannot', () => {
  expect(circuit('convert', 'graph.json', 'native.json', '--kv-heads', 'native', '--n-kv-heads', '2')).toEqual(silent);
  expect(read('native.json').receivers).toContain('a1.kv1<v>');
  const { status, stderr } = circuit('convert', 'native.json', 'expanded.json', '--kv-heads', 'expanded');
  expect(status).toBe(1);
  expect(stderr).toContain('input->a0.kv0<k>');
  expect(readdirSync(folder)).not.toContain('expanded.json');
});

it('writes a MIB submission', () => {
  const mib = ['--to', 'mib-circuits', '--task', 'ioi', '--model', 'gpt2'];
  expect(circuit('convert', 'graph.json', 'submission', ...mib)).toEqual(silent);
  expect(readdirSync(at('submission/ioi_gpt2')).sort()).toEqual(
    ['0.1', '0.2', '0.5', '1', '10', '2', '20', '5', '50'].map((percent) => `${percent}.json`),
  );
  expect(circuit('convert', 'graph.json', 'submission', '--to', 'mib-scores').stderr).toContain('--task');
});

it('shows the shape, the record and the strongest edges', () => {
  const { status, stdout } = circuit('show', 'graph.json', '--top', '3');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^shape +2 layers, 4 heads$/m);
  expect(stdout).toMatch(/^model +tiny$/m);
  expect(stdout.match(/->/g)).toHaveLength(3);
});

it("reads a run's folder, with the model's sizes from its record", () => {
  const { senders, receivers, scores } = read('graph.json');
  const shape = { nLayers: 2, nHeads: 4, nKvHeads: 2, dModel: 8 };
  const result = { kind: 'attribution', spec: {}, pairs: [], senders, receivers, record: { model: { shape } } };
  writeFileSync(at('result.json'), JSON.stringify(result));
  const shapeOfScores = [senders.length, receivers.length];
  const halves = Float32Array.from([...scores, ...scores], (score) => score / 2);
  const arrays = {
    scores: { shape: shapeOfScores, values: scores },
    'scores.position': { shape: [2, ...shapeOfScores], values: halves },
  };
  writeFileSync(at('arrays.safetensors'), encodeSafetensors(arrays));
  expect(circuit('convert', '.', 'run.json', '--kv-heads', 'native')).toEqual(silent);
  expect(read('run.json').shape).toMatchObject({ nKvHeads: 2, dModel: 8 });
  expect(circuit('convert', '.', 'run.attribution-graph.json')).toEqual(silent);
  const { byPosition } = read('run.attribution-graph.json');
  expect(byPosition).toEqual([halves.subarray(0, scores.length), halves.subarray(scores.length)]);
});

it('refuses a file that is not there, a pickle, and an ending of no format', () => {
  writeFileSync(at('graph.pt'), Uint8Array.of(0x50, 0x4b, 3, 4));
  const wrong: [string[], string][] = [
    [['show', 'none.json'], 'cannot read none.json'],
    [['show', 'graph.pt'], 'docs/guides/formats.md'],
    [['convert', 'graph.json', 'graph.txt'], '--to'],
  ];
  for (const [args, sentence] of wrong) {
    const { status, stderr } = circuit(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(sentence);
  }
});
