/** What makes two trainings the same: a checkpoint belongs to one hash, and to no other. */
import { createHash } from 'node:crypto';
import type { Organism } from './organism.ts';
import type { Schedule } from './trainer.ts';
import type { Sequence } from './sequences.ts';

export interface TrainingSettings {
  seed: number;
  schedule: Schedule;
  /** Sequences a step. */
  batch: number;
}

/** SHA-256, in hex, of the settings, the model, the corpus, and some batches, which tell how all are drawn. */
export function trainingHash(
  settings: TrainingSettings,
  { config, speech, examples }: Organism,
  batches: readonly (readonly Sequence[])[],
): string {
  const hash = createHash('sha256').update(JSON.stringify([settings, config, speech, batches]));
  for (const { category, split, request, answer } of examples)
    hash.update(`${JSON.stringify([category, split, request, answer])}\n`);
  return hash.digest('hex');
}
