/**
 * Whose a study's folder is: DIR/study.json says which study, of which model and pairs. Steps of different studies have the same
 * names, so another one is refused before it writes over what is there.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource } from '@demur/model';
import { StudyError, type StudyGiven, type StudyName } from '@demur/studies';
import { writeWhole } from './write-whole.ts';

const FILE = 'study.json';

export interface StudyIdentity {
  study: StudyName;
  /** As they were given. */
  model: string;
  data: string;
  seed: number;
  weightsSha256: string;
  /** SHA-256, in hex, of the pairs' tokens. */
  pairsSha256: string;
}

/** @param path where the model lies */
export async function identityOf(study: StudyName, given: StudyGiven, path: string): Promise<StudyIdentity> {
  const { model, dataSetName: data, seed, dataSet } = given;
  const { weightsSha256 } = await (await openModelSource(path)).identity();
  const pairsSha256 = createHash('sha256').update(JSON.stringify(dataSet.pairs)).digest('hex');
  return { study, model, data, seed, weightsSha256, pairsSha256 };
}

/** @throws StudyError where the folder is another study's; a model by another name is the same while its weights are. */
export async function refuseOther(dir: string, own: StudyIdentity): Promise<void> {
  const kept = await keptIdentity(dir);
  const tells = ['study', 'seed', 'weightsSha256', 'pairsSha256'] as const;
  if (kept === null || tells.every((key) => kept[key] === own[key])) return;
  const isSameByName = (['study', 'model', 'data', 'seed'] as const).every((key) => kept[key] === own[key]);
  const { study, model, data, seed } = kept;
  const changed = isSameByName ? ', whose weights or pairs were others then' : '';
  throw new StudyError(
    `${dir} holds the study ${study} of ${model} on ${data} with seed ${seed}${changed}; give another folder, --out OTHER, or delete that one`,
    { code: 'OUTPUT' },
  );
}

/** Says whose the folder is from now on. @throws OutputError */
export function keepIdentity(dir: string, own: StudyIdentity): Promise<void> {
  return writeWhole(dir, { [FILE]: `${JSON.stringify(own, null, 1)}\n` });
}

/** Null where no study was run to the folder. */
async function keptIdentity(dir: string): Promise<StudyIdentity | null> {
  const file = join(dir, FILE);
  const text = await readFile(file, 'utf8').catch(() => null);
  try {
    return text === null ? null : (JSON.parse(text) as StudyIdentity);
  } catch (cause) {
    const message = `${file} is damaged, so that it cannot be told whose steps are there; give another folder, --out OTHER`;
    throw new StudyError(message, { code: 'OUTPUT', cause });
  }
}
