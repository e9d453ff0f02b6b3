/**
 * `npm run organism:train`: trains the model organism from its corpus and a seed into the folder that it ships in, or
 * another one. Stopped, it goes on from its last checkpoint when it is run again.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { TrainingMessage, TrainingTask } from '../libs/train/src/organism-thread.ts';

/** Where the trained model lies in the repository. */
export const organismFolder = fileURLToPath(new URL('../libs/train/models/refusal-organism', import.meta.url));

function objects(): TrainingTask['objects'] {
  const file = new URL('../libs/interp/data/refusal.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as TrainingTask['objects'];
}

function show(message: TrainingMessage): void {
  if (message.type === 'resumed') return console.log(`going on after step ${message.step}`);
  const { step, loss, rate } = message.report;
  if (step % 20 === 0 || step === message.of)
    console.log(`step ${step} of ${message.of}: loss ${loss.toFixed(4)}, learning rate ${rate.toPrecision(2)}`);
}

const { values } = parseArgs({ options: { seed: { type: 'string', default: '0' }, out: { type: 'string' } } });
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error(`--seed ${values.seed}: use a whole number, 0 or more`);
  process.exit(1);
}
const task: TrainingTask = { objects: objects(), seed, folder: values.out ?? organismFolder };
const worker = new Worker(new URL('../libs/train/src/organism-thread.ts', import.meta.url), { workerData: task });
worker.on('message', show);
worker.on('error', (error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
