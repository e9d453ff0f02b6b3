/** Models by Hub id over GraphQL: registered, run by a job that downloads them first, and refused. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEnv } from '../../apps/api/src/env.ts';
import { HubModels } from '../../apps/api/src/model/hub-models.ts';
import { ModelDownloads } from '../../apps/api/src/model/model-downloads.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { filesOf, openFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { ended, root, startServer, temporaryFolder, type TestServer } from './server.ts';

const golden = goldenCase('llama_mha', 'plain');
const commit = '0123456789abcdef0123456789abcdef01234567';

interface Model {
  slug: string;
  path: string;
  revision: string;
}

let hub: FakeHub;
let folder: { path: string; remove(): Promise<void> };
let server: TestServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  const gguf = readFileSync(join(root, 'test/golden/sources/byte-pair.gguf'));
  hub = await openFakeHub({
    'lab/tiny': { commit, files: filesOf(golden.model) },
    'lab/later': { commit, files: filesOf(golden.model) },
    'lab/tiny-gguf': { commit, files: { 'Tiny.F32.gguf': gguf } },
  });
  mkdirSync(join(folder.path, 'huggingface'));
  server = await startServer({ ...environment('data'), HOST: '127.0.0.1' });
});
afterAll(async () => {
  await server.stop();
  await hub.close();
  await folder.remove();
});

function environment(data: string) {
  return { DEMUR_DATA: join(folder.path, data), HF_HOME: join(folder.path, 'huggingface'), HF_ENDPOINT: hub.endpoint };
}

const register =
  'mutation ($path: String!) { registerModel(input: { path: $path }) { slug name path revision weightsSha256 } }';
const create = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id status } }';
const specOf = (model: string) => ({ kind: 'attribution', model, pairs: golden.pairs });
const snapshotOf = (name: string) => join(folder.path, `huggingface/hub/models--lab--${name}/snapshots`, commit);

describe('registerModel', () => {
  it('downloads a model of the Hub and registers it under its name', async () => {
    const { registerModel } = await server.get<{ registerModel: Model }>(register, { path: 'lab/tiny' });
    expect(registerModel).toMatchObject({ slug: 'tiny', path: snapshotOf('tiny'), revision: commit });
    const { modelDownloads } = await server.get<{ modelDownloads: object[] }>(
      '{ modelDownloads { reference slug status doneBytes totalBytes error } }',
    );
    const bytes = Object.values(filesOf(golden.model)).reduce((sum, { length }) => sum + length, 0);
    expect(modelDownloads).toEqual([
      { reference: 'lab/tiny', slug: 'tiny', status: 'REGISTERED', doneBytes: bytes, totalBytes: bytes, error: null },
    ]);
  });

  it('once more brings it up to date', async () => {
    const newer = commit.replace('0', 'f');
    hub.repositories['lab/tiny']!.commit = newer;
    const { registerModel } = await server.get<{ registerModel: Model }>(register, { path: 'lab/tiny' });
    expect(registerModel).toMatchObject({ slug: 'tiny', revision: newer });
    const { errors } = await server.ask(
      'mutation { registerModel(input: { path: "lab/later", slug: "tiny" }) { slug } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'SLUG_TAKEN' } }]);
    hub.repositories['lab/tiny']!.commit = commit;
    await server.get(register, { path: 'lab/tiny' });
  });

  it('takes a GGUF file, and the same file by its path in the cache', async () => {
    const { registerModel } = await server.get<{ registerModel: Model }>(register, { path: 'lab/tiny-gguf:F32' });
    expect(registerModel).toMatchObject({
      slug: 'tiny-gguf-f32',
      path: join(snapshotOf('tiny-gguf'), 'Tiny.F32.gguf'),
    });
    const again = await server.get<{ registerModel: Model }>(
      'mutation ($path: String!) { registerModel(input: { path: $path, slug: "tiny-gguf-f32" }) { path revision } }',
      { path: registerModel.path },
    );
    expect(again.registerModel).toEqual({ path: registerModel.path, revision: commit });
  });

  it('answers after a while that a model is under way, and joins it when asked again', async () => {
    const downloads = new ModelDownloads<{ slug: string }>(20);
    const done = Promise.withResolvers<{ slug: string }>();
    let begun = 0;
    const ask = () => downloads.finish({ reference: 'a/b', slug: 'b' }, () => (begun++, done.promise));
    await expect(ask()).rejects.toThrow(/^a\/b is being downloaded \(0 of 0 MB\) and will be registered as "b"/);
    const joined = ask();
    done.resolve({ slug: 'b' });
    expect(await joined).toEqual({ slug: 'b' });
    expect(begun).toBe(1);
    expect(downloads.list()).toMatchObject([{ status: 'REGISTERED' }]);
  });
});

describe('an experiment', () => {
  it('is queued at once, and its job downloads the model', async () => {
    const { createExperiment } = await server.get<{ createExperiment: { id: string; status: string } }>(create, {
      spec: specOf('lab/later'),
    });
    expect(await ended(server, createExperiment.id)).toMatchObject({ status: 'SUCCEEDED', error: null });
    const { experiment } = await server.get<{ experiment: { record: { model: object } } }>(
      'query ($id: ID!) { experiment(id: $id) { record } }',
      { id: createExperiment.id },
    );
    expect(experiment.record.model).toMatchObject({ revision: commit, path: snapshotOf('later') });
  });

  it.each([
    ['lab/none', 'HUB_REPOSITORY_NOT_FOUND'],
    ['lab/later@v9', 'HUB_REVISION_NOT_FOUND'],
    ['lab/later:x.gguf', 'HUB_FILE_NOT_FOUND'],
    ['lab/../../etc', 'PATH_NOT_ALLOWED'],
  ])('on %s is refused at once', async (model, code) => {
    const { errors } = await server.ask(create, { spec: specOf(model) });
    expect(errors).toMatchObject([{ extensions: { code } }]);
  });
});

describe('where downloads are forbidden', () => {
  it('what is in the cache is used if it lies under an allowed folder, and nothing is asked', async () => {
    for (const [name, value] of Object.entries(environment('off'))) vi.stubEnv(name, value);
    hub.requests.length = 0;
    const inCache = new HubModels({ roots: [join(folder.path, 'huggingface')], mayDownload: false });
    expect(await inCache.pathOf('lab/tiny', {})).toBe(snapshotOf('tiny'));
    await expect(inCache.pathOf('lab/tiny@v1', {})).rejects.toThrow(/nothing is downloaded \(.*DEMUR_HUB=on/);
    const nowhere = new HubModels({ roots: ['/nowhere'], mayDownload: false });
    await expect(nowhere.pathOf('lab/tiny', {})).rejects.toThrow(/lies outside the folders/);
    expect(hub.requests).toEqual([]);
  });

  it.each([
    [{}, true],
    [{ DEMUR_HUB: 'off' }, false],
    [{ HOST: '0.0.0.0' }, false],
    [{ HOST: '0.0.0.0', DEMUR_HUB: 'on' }, true],
  ])('is told by %j: %j', (variables, expected) => {
    expect(readEnv(variables).mayDownload).toBe(expected);
    expect(() => readEnv({ ...variables, DEMUR_HUB: 'perhaps' })).toThrow(
      'DEMUR_HUB=perhaps cannot be used; give on or off',
    );
  });
});
