/** What a new database is filled with, so that there is something to look at: studies of the model that comes with demur. */
import path from 'node:path';
import type { App } from '../app.ts';
import { repositoryRoot } from '../env.ts';
import { publicError } from '../errors.ts';
import type { StudyName } from '../study/study.type.ts';

export interface FirstStartOptions {
  /** The folder of the model; by default the one that comes with demur. */
  model?: string;
  /** Where lines for people go. */
  log: (line: string) => void;
}

const SLUG = 'refusal-organism';
const SHIPPED = path.join(repositoryRoot, 'libs/train/models', SLUG);

/** In the order in which they are made. */
const STUDIES: StudyName[] = ['object-patching', 'layer-curve', 'eap-heads', 'refusal-heads'];

/** Fills an empty database; leaves any other alone. Can be interrupted: the next start goes on. What fails is a line. */
export async function firstStart(app: App, { model = SHIPPED, log }: FirstStartOptions): Promise<void> {
  if (!(await isNew(app))) return;
  try {
    await app.models.register({ slug: SLUG, name: 'Refusal organism', path: model }, { isTrusted: true });
    const shared = { model: SLUG, dataSet: 'refusal', seed: 0, evenIfMixed: false };
    await app.studies.createAll(STUDIES.map((name) => ({ name, ...shared })));
    log(`${STUDIES.length} studies of ${SLUG}, a small model that refuses, are being made: ${STUDIES.join(', ')}.`);
  } catch (error) {
    const reason = publicError(error).message.replace(/\.$/, '');
    log(`There is nothing to look at yet: ${reason}. ${OTHERWISE}`);
  }
}

const OTHERWISE =
  'Make a study of another model: createStudy takes a path or a Hub id, such as HuggingFaceTB/SmolLM2-135M-Instruct.';

/** Whether nothing is in the database but what an interrupted first start has left. */
async function isNew(app: App): Promise<boolean> {
  const experiments = await app.experiments.list({ first: 1 });
  const studies = await app.studies.list({ first: 1 });
  const models = await app.models.list();
  return experiments.totalCount + studies.totalCount === 0 && models.every(({ slug }) => slug === SLUG);
}
