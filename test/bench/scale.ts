/**
 * A model larger than memory: `node test/bench/scale.ts DIR [SIZE] [--eap] [--shape S]` writes a model of Llama 2 7B's shape
 * with random bfloat16 weights (13.5 GB) into DIR, unless one is there, and runs it in a process of its own within SIZE (8GB): a
 * forward pass of 32 rows of 40 tokens, and a backward pass to all residual streams; with --eap the attribution of all edges.
 * S is layers,width,heads,MLP width of a smaller model, to try it. Not a test, and no comparison with other libraries.
 */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseMemorySize } from '@demur/interp';
import { backendEnvironment } from '@demur/model';
import { writeRandomLlama } from '../support/random-model.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { eap: { type: 'boolean', default: false }, shape: { type: 'string', default: '32,4096,32,11008' } },
});
const [folder, size = '8GB'] = positionals;
if (folder === undefined) throw new Error('give a folder for the model: node test/bench/scale.ts DIR [SIZE] [--eap]');

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

if (!existsSync(join(folder, 'config.json'))) {
  const start = performance.now();
  const [layers, dModel, heads, dMlp] = options.shape.split(',').map(Number) as [number, number, number, number];
  writeRandomLlama(folder, { layers, dModel, heads, dMlp, vocabulary: 32_000 });
  console.log(`wrote the model in ${seconds(start)} s`);
}

const script = options.eap ? './scale-eap.ts' : './scale-run.ts';
const child = fork(fileURLToPath(new URL(script, import.meta.url)), [folder, String(parseMemorySize(size))], {
  env: { ...process.env, ...backendEnvironment(availableParallelism()) },
});

/** The most that the process has had resident, as Linux counts it from outside. */
let peak = 'unknown';
const watch = setInterval(() => {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    if (kilobytes !== undefined) peak = `${(Number(kilobytes) / 1e6).toFixed(2)} GB`;
  } catch {
    // Not Linux, or ended.
  }
}, 200);
child.on('exit', (code) => {
  clearInterval(watch);
  console.log(`peak resident memory: ${peak} of ${size}`);
  process.exitCode = code ?? 1;
});
