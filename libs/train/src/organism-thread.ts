/** The worker thread that trains the organism: the tensor library never runs on a main thread. It says `TrainingMessage`s. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { encodeSafetensors, openShardFolder, reserveOutput, type NamedArray } from '@demur/interp';
import { DemurError, planDecoder, type PlannedWeight } from '@demur/model';
import { openBackend } from '@demur/model/engine';
import { Batches } from './batches.ts';
import type { Objects } from './corpus.ts';
import { modelFiles, storedWeight } from './export-model.ts';
import { Network } from './network.ts';
import { organism } from './organism.ts';
import { sequenceOf, type Sequence } from './sequences.ts';
import { Trainer, type StepReport } from './trainer.ts';
import { trainingHash, type TrainingSettings } from './training-hash.ts';

export interface TrainingTask extends TrainingSettings {
  objects: Objects;
  /** Where the model goes, and until it is done the checkpoint. */
  folder: string;
}

export type TrainingMessage =
  | { type: 'resumed'; step: number }
  | { type: 'step'; report: StepReport; of: number }
  | { type: 'stopped'; step: number }
  | { type: 'done' }
  | { type: 'failed'; message: string };

/** Any message to the thread asks it to stop: after the step that it is at, with a checkpoint. */
export type StopMessage = 'stop';

/** Checkpoints of a whole training. */
const CHECKPOINTS = 16;

const { objects, folder, ...settings } = workerData as TrainingTask;
const { seed, schedule, batch: size } = settings;

function say(message: TrainingMessage): void {
  parentPort!.postMessage(message);
}

/** The checkpoint is kept as an experiment's unfinished shard is: whole or not at all, under the hash of what it is of. */
class Checkpoints {
  readonly #key: { run: string; place: number };
  readonly #store = openShardFolder(folder, (file) => {
    throw new DemurError('CHECKPOINT', `${file} is damaged; delete it, and the training starts from its beginning`);
  });

  constructor(run: string) {
    this.#key = { run, place: 0 };
  }

  async load(): Promise<Record<string, NamedArray> | undefined> {
    return (await this.#store.load(this.#key))?.arrays;
  }

  save(arrays: Record<string, NamedArray>): Promise<void> {
    return this.#store.save(this.#key, { arrays, isFinished: false, stints: [] });
  }

  clear(): Promise<void> {
    return this.#store.clear(this.#key.run);
  }
}

interface Training {
  network: Network;
  batchOf: (step: number) => Sequence[];
  checkpoints: Checkpoints;
  /** What an earlier run has left. */
  kept: Record<string, NamedArray> | undefined;
}

/** Losses of all steps, of a run that is gone on with as well: a checkpoint carries those before it. Undefined when it was stopped. */
async function train({ network, batchOf, checkpoints, kept }: Training): Promise<Float32Array | undefined> {
  const { steps } = schedule;
  const trainer = new Trainer(network, schedule);
  const losses = new Float32Array(steps);
  const save = async (): Promise<void> =>
    checkpoints.save({ ...(await trainer.checkpoint()), losses: { shape: [steps], values: losses } });
  if (kept !== undefined) {
    trainer.resume(kept);
    losses.set(kept['losses']!.values);
    say({ type: 'resumed', step: trainer.step });
  }
  try {
    while (trainer.step < steps) {
      const report = await trainer.train(batchOf(trainer.step + 1));
      losses[report.step - 1] = report.loss;
      say({ type: 'step', report, of: steps });
      const isStopped = receiveMessageOnPort(parentPort!) !== undefined;
      if (isStopped || report.step % Math.ceil(steps / CHECKPOINTS) === 0) await save();
      if (isStopped) return void say({ type: 'stopped', step: report.step });
    }
    return losses;
  } finally {
    trainer.dispose();
  }
}

/** Under another name first: a reader never sees half a file. */
async function writeWhole(name: string, content: Uint8Array | string): Promise<void> {
  const file = join(folder, name);
  await writeFile(`${file}.tmp`, content);
  await rename(`${file}.tmp`, file);
}

async function run(): Promise<void> {
  await reserveOutput(folder);
  const own = organism(objects);
  const { config, speech, examples, vocabulary } = own;
  const plan = planDecoder(config, 'huggingface');
  const batches = new Batches(examples, { size, seed, steps: schedule.steps });
  const batchOf = (step: number): Sequence[] => batches.of(step).map((example) => sequenceOf(example, vocabulary));
  const checkpoints = new Checkpoints(trainingHash(settings, own, [batchOf(1), batchOf(schedule.steps)]));
  const kept = await checkpoints.load();
  await openBackend('auto');
  const network = new Network(config, plan, { seed, speech });
  try {
    const losses = await train({ network, batchOf, checkpoints, kept });
    if (losses === undefined) return;
    await writeModel(network, plan, { vocabulary, losses });
    await checkpoints.clear();
    say({ type: 'done' });
  } finally {
    network.dispose();
  }
}

async function writeModel(
  network: Network,
  plan: readonly PlannedWeight[],
  { vocabulary, losses }: { vocabulary: Map<string, number>; losses: Float32Array },
): Promise<void> {
  const weights: Record<string, NamedArray> = {};
  for (const planned of plan) {
    const values = Float32Array.from(await network.variables.get(planned.name)!.data());
    weights[planned.stored.tensor] = storedWeight(planned, values);
  }
  const log = { ...settings, losses: [...losses].map((loss) => Number(loss.toPrecision(6))) };
  const files = { ...modelFiles(network.config, vocabulary), 'training.json': log };
  for (const [name, content] of Object.entries(files)) await writeWhole(name, `${JSON.stringify(content)}\n`);
  await writeWhole('model.safetensors', encodeSafetensors(weights));
}

try {
  await run();
} catch (error) {
  if (!(error instanceof DemurError)) throw error;
  say({ type: 'failed', message: error.message });
}
