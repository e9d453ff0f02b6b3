/** What a new database is filled with, so that there is something to look at: one model, one data set, two experiments. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { App } from '../app.ts';
import type { CreateDataSetInput } from '../data-set/data-set.input.ts';
import { repositoryRoot } from '../env.ts';
import type { RegisterModelInput } from '../model/model.input.ts';

/** Where the model comes from, and where lines for people go. */
export interface FirstStartOptions {
  /** Fetches SmolLM2-135M-Instruct unless it is there, and gives its path. May fail: then a tiny model takes its place. */
  fetchModel: () => Promise<string>;
  log: (line: string) => void;
}

/** A model with the data set that fits it. */
interface Contents {
  model: RegisterModelInput;
  dataSet: CreateDataSetInput;
}

const SMOLLM2 = 'smollm2-135m-instruct';

/** Fills an empty database; leaves any other alone. Can be interrupted: the next start goes on. */
export async function firstStart(app: App, options: FirstStartOptions): Promise<void> {
  if (!(await isNew(app))) return;
  const { model, dataSet } = await contents(options);
  if ((await app.models.bySlug(model.slug!)) === null) await app.models.register(model, { isTrusted: true });
  if ((await app.dataSets.bySlug(dataSet.slug)) === null) await app.dataSets.create(dataSet);
  const shared = { model: model.slug, pairs: dataSet.slug };
  await app.experiments.create({ kind: 'activation-patching', ...shared, options: { activations: ['resid_pre'] } });
  await app.experiments.create({ kind: 'attribution', ...shared, options: { method: 'eap' } });
  options.log(`Two first experiments on ${model.name} are queued: activation patching and attribution (EAP).`);
}

/** Whether nothing is in the database but what an interrupted first start has left. */
async function isNew(app: App): Promise<boolean> {
  const experiments = await app.experiments.list({ first: 1 });
  const models = await app.models.list();
  return experiments.totalCount === 0 && models.every(({ slug }) => slug === SMOLLM2 || slug === TINY.slug);
}

async function contents({ fetchModel, log }: FirstStartOptions): Promise<Contents> {
  try {
    const model = { slug: SMOLLM2, name: 'SmolLM2-135M-Instruct (Q4_1)', path: await fetchModel() };
    return { model, dataSet: await readDataSet('bomb-pie') };
  } catch (error) {
    log(
      `SmolLM2-135M-Instruct cannot be had (${reason(error)}). A tiny random model takes its place: its numbers mean nothing.`,
    );
    return { model: TINY, dataSet: await readDataSet('random-tokens') };
  }
}

const TINY = {
  slug: 'tiny-random-llama',
  name: 'Tiny random Llama (numbers mean nothing)',
  path: path.join(repositoryRoot, 'test/golden/open/llama_gqa_tied/model'),
};

async function readDataSet(name: string): Promise<CreateDataSetInput> {
  return JSON.parse(await readFile(new URL(`./${name}.json`, import.meta.url), 'utf8')) as CreateDataSetInput;
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
