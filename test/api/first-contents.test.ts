/** What a new database is filled with, without the server: all of it or nothing, once, and never where something is. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApp, type App } from '../../apps/api/src/app.ts';
import { readEnv } from '../../apps/api/src/env.ts';
import { firstStart } from '../../apps/api/src/first-start/first-start.ts';
import { tinyModel } from '../studies/tiny-study.ts';
import { copyNewDatabase } from '../support/new-database.ts';
import { root, temporaryFolder } from './server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** An application that runs nothing, on a database of this name. */
async function open(name: string): Promise<App> {
  const dataDir = join(folder.path, name);
  await copyNewDatabase(dataDir);
  return openApp(readEnv({ DEMUR_DATA: dataDir }));
}

/** What the first start says, if anything. */
async function fill(app: App, model?: string): Promise<string[]> {
  const lines: string[] = [];
  await firstStart(app, { ...(model !== undefined && { model }), log: (line) => lines.push(line) });
  return lines;
}

const namesOf = async (app: App) => (await app.studies.list({})).nodes.map(({ name }) => name);

const NAMES = ['refusal-heads', 'eap-heads', 'layer-curve', 'object-patching'];

it('fills a new database once, also one that an interrupted first start has begun', async () => {
  const app = await open('new');
  const [missing, ...more] = await fill(app, join(folder.path, 'nowhere'));
  expect(missing).toContain(join(folder.path, 'nowhere'));
  expect(more).toEqual([]);
  const shipped = join(root, 'libs/train/models/refusal-organism');
  await app.models.register({ slug: 'refusal-organism', path: shipped }, { isTrusted: true });
  expect((await fill(app)).join()).toContain('4 studies of refusal-organism');
  expect(await namesOf(app)).toEqual(NAMES);
  expect(await fill(app)).toEqual([]);
  expect(await namesOf(app)).toEqual(NAMES);
  await app.close();
});

it('queues nothing where one of its studies cannot be made, and leaves a database alone that is in use', async () => {
  const app = await open('used');
  expect((await fill(app, tinyModel('llama_mha'))).join()).toContain('needs a tokenizer');
  await app.models.register({ slug: 'own', path: tinyModel('llama_mha') });
  expect(await fill(app)).toEqual([]);
  expect(await namesOf(app)).toEqual([]);
  await app.close();
});
