/**
 * `npm run organism:train`: trains the model organism from its corpus and a seed, into a folder of out/ or another one; never over
 * a model. Stopped, it goes on from its last checkpoint when the same command is run again, to the same weights.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { BATCH, SCHEDULE } from '../libs/train/src/organism.ts';
import type { StopMessage, TrainingMessage, TrainingTask } from '../libs/train/src/organism-thread.ts';
import { organismFolder, organismObjects, outFolder } from './organism-files.ts';

/** As shells have it: 128 + SIGINT. */
const INTERRUPTED = 130;

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function readArguments(): Record<'seed' | 'steps' | 'batch', string> & { out?: string } {
  const given = (value: number | string) => ({ type: 'string', default: String(value) }) as const;
  const counts = { seed: given(0), steps: given(SCHEDULE.steps), batch: given(BATCH) };
  const options = { ...counts, out: { type: 'string' } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  return fail(`--${name} ${text}: use a whole number, ${least} or more`);
}

/** A folder without a model. */
function emptyFolder(folder: string): string {
  if (folder.trim() === '') return fail('--out is an empty text: give a folder');
  if (!existsSync(join(folder, 'model.safetensors'))) return folder;
  return fail(`${folder} holds a model already; give another folder, --out DIR, or delete that one`);
}

function readTask(): TrainingTask {
  const { seed, steps, batch, out = relative('', join(outFolder, `refusal-organism-${seed}`)) } = readArguments();
  return {
    seed: wholeNumber('seed', seed, 0),
    schedule: { ...SCHEDULE, steps: wholeNumber('steps', steps, 1) },
    batch: wholeNumber('batch', batch, 1),
    objects: organismObjects(),
    folder: emptyFolder(out),
  };
}

function show(message: TrainingMessage): void {
  switch (message.type) {
    case 'resumed':
      return console.log(`going on after step ${message.step}`);
    case 'done':
      return console.log(doneText(task.folder));
    case 'stopped':
      console.error(`stopped after step ${message.step}: run the same command to go on`);
      process.exitCode = INTERRUPTED;
      return;
    case 'failed':
      console.error(message.message);
      process.exitCode = 1;
      return;
    case 'step': {
      const { step, loss, rate } = message.report;
      if (step % 20 === 0 || step === message.of)
        console.log(`step ${step} of ${message.of}: loss ${loss.toFixed(4)}, learning rate ${rate.toPrecision(2)}`);
    }
  }
}

/** What a trained model may be put to. */
function doneText(folder: string): string {
  const shipped = relative('', organismFolder);
  return [
    `The model is in ${folder}. Beside the one that ships: npm run organism:compare ${shipped} ${folder}`,
    `To ship it instead, copy its files to ${shipped}, then: npm run organism:measure -- --write; python3 test/golden/organism/make_organism.py`,
  ].join('\n');
}

const task = readTask();
const worker = new Worker(new URL('../libs/train/src/organism-thread.ts', import.meta.url), { workerData: task });
worker.on('message', show);
worker.on('error', (error) => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
const stop: StopMessage = 'stop';
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => worker.postMessage(stop));
