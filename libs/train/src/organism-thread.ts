/** The worker thread that trains the organism: the tensor library never runs on a main thread. It says `TrainingMessage`s. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '@demur/interp';
import { planDecoder } from '@demur/model';
import { openBackend } from '@demur/model/engine';
import { Batches } from './batches.ts';
import type { Objects } from './corpus.ts';
import { modelFiles, storedWeight } from './export-model.ts';
import { Network } from './network.ts';
import { BATCH, organism, SCHEDULE } from './organism.ts';
import { sequenceOf } from './sequences.ts';
import { Trainer, type StepReport } from './trainer.ts';

export interface TrainingTask {
  objects: Objects;
  seed: number;
  /** Where the model goes, and until it is done the checkpoint. */
  folder: string;
}

export type TrainingMessage = { type: 'resumed'; step: number } | { type: 'step'; report: StepReport; of: number };

/** Steps from one checkpoint to the next. */
const CHECKPOINT_STEPS = 50;

const { objects, seed, folder } = workerData as TrainingTask;
const { config, examples, vocabulary } = organism(objects);
const plan = planDecoder(config, 'huggingface');
const unfinished = join(folder, `unfinished-${seed}.safetensors`);

function say(message: TrainingMessage): void {
  parentPort?.postMessage(message);
}

/** Under another name first: a reader never sees half a file. */
async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${file}.tmp`, content);
  await rename(`${file}.tmp`, file);
}

/** Losses of all steps, of a run that is gone on with as well: a checkpoint carries those before it. */
async function train(network: Network): Promise<Float32Array> {
  const trainer = new Trainer(network, SCHEDULE);
  const batches = new Batches(examples, { size: BATCH, seed });
  const losses = new Float32Array(SCHEDULE.steps);
  if (existsSync(unfinished)) {
    const { losses: before, ...checkpoint } = decodeSafetensors(await readFile(unfinished));
    trainer.resume(checkpoint);
    losses.set(before!.values);
    say({ type: 'resumed', step: trainer.step });
  }
  while (trainer.step < SCHEDULE.steps) {
    const report = await trainer.train(batches.of(trainer.step + 1).map((each) => sequenceOf(each, vocabulary)));
    losses[report.step - 1] = report.loss;
    say({ type: 'step', report, of: SCHEDULE.steps });
    if (report.step % CHECKPOINT_STEPS !== 0) continue;
    const own = { losses: { shape: [losses.length], values: losses } };
    await writeWhole(unfinished, encodeSafetensors({ ...(await trainer.checkpoint()), ...own }));
  }
  trainer.dispose();
  return losses;
}

async function write(network: Network, losses: Float32Array): Promise<void> {
  const weights: Record<string, NamedArray> = {};
  for (const planned of plan) {
    const values = Float32Array.from(await network.variables.get(planned.name)!.data());
    weights[planned.stored.tensor] = storedWeight(planned, values);
  }
  const log = {
    seed,
    schedule: SCHEDULE,
    batch: BATCH,
    losses: [...losses].map((loss) => Number(loss.toPrecision(6))),
  };
  const files = { ...modelFiles(config, vocabulary), 'training.json': log };
  for (const [name, content] of Object.entries(files))
    await writeWhole(join(folder, name), `${JSON.stringify(content)}\n`);
  await writeWhole(join(folder, 'model.safetensors'), encodeSafetensors(weights));
  await rm(unfinished, { force: true });
}

await openBackend('auto');
await mkdir(folder, { recursive: true });
const network = new Network(config, plan, seed);
await write(network, await train(network));
network.dispose();
