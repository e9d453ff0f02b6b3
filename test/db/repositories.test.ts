/** What is stored comes back, on both databases: models, data sets, experiments, shards, API tokens. */
import {
  DatabaseError,
  DirectionSlugTakenError,
  ExperimentNotFoundError,
  ExperimentStatusError,
  SlugTakenError,
  adoptShards,
  apiTokens,
  cancelExperiment,
  completeExperiment,
  countExperiments,
  createApiToken,
  createDataSet,
  createDirection,
  createExperiment,
  experimentStatuses,
  experiments,
  failExperiment,
  findDataSetBySlug,
  findDirectionBySlug,
  findExperiment,
  findModelBySlug,
  listApiTokens,
  listArtifacts,
  listDataSets,
  listDirections,
  listExperiments,
  listModels,
  listPairs,
  listShards,
  loadShard,
  newId,
  openDatabase,
  registerModel,
  requeueExperiment,
  revokeApiToken,
  saveShard,
  setExperimentProgress,
  startExperiment,
  trimShards,
  verifyApiToken,
  type Database,
  type ExperimentStatus,
  type Session,
} from '@demur/db';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { withBothDatabases } from './both-databases.ts';
import { experimentInput, randomBits, runningExperiment } from './fixtures.ts';

withBothDatabases((database) => {
  describe('models', () => modelTests(database));
  describe('data sets', () => dataSetTests(database));
  describe('directions', () => directionTests(database));
  describe('experiments', () => experimentTests(database));
  describe('the way of the status', () => statusTests(database));
  describe('shards', () => shardTests(database));
  describe('API tokens', () => apiTokenTests(database));
  describe('transactions', () => transactionTests(database));
});

function modelTests(database: () => Database): void {
  const input = { sourcePath: '/models/tiny', format: 'huggingface', family: 'llama', config: { nLayers: 2 } };

  it('are registered once for a slug; registering again keeps the id and changes the rest', async () => {
    const first = await registerModel(database(), { ...input, slug: 'tiny' });
    const second = await registerModel(database(), {
      ...input,
      slug: 'tiny',
      config: { nLayers: 3 },
      dtype: 'float32',
    });
    expect(second).toMatchObject({ id: first.id, config: { nLayers: 3 }, dtype: 'float32' });
    expect(await findModelBySlug(database(), 'tiny')).toEqual(second);
    expect(await findModelBySlug(database(), 'none')).toBeUndefined();
  });

  it('are listed by slug', async () => {
    await registerModel(database(), { ...input, slug: 'another' });
    expect((await listModels(database())).map(({ slug }) => slug)).toEqual(['another', 'tiny']);
  });
}

function dataSetTests(database: () => Database): void {
  const pair = { clean: { text: 'bomb' }, corrupted: { tokens: [1, 2] }, answer: '3', distractor: 3 };

  it('keep their pairs in order, and text apart from numbers', async () => {
    const pairs = Array.from({ length: 4_500 }, (_, index) => ({ ...pair, clean: { text: `prompt ${index}` } }));
    const dataSet = await createDataSet(database(), { slug: 'many', name: 'Many', pairs });
    expect(dataSet.pairCount).toBe(4_500);
    const stored = await listPairs(database(), dataSet.id);
    expect(
      stored.map(({ clean, corrupted, answer, distractor }) => ({ clean, corrupted, answer, distractor })),
    ).toEqual(pairs);
    expect(await findDataSetBySlug(database(), 'many')).toEqual(dataSet);
  });

  it('have slugs of their own: a second one is refused and leaves nothing', async () => {
    const input = { slug: 'taken', name: 'Taken', pairs: [pair] };
    await createDataSet(database(), input);
    const refused = createDataSet(database(), input);
    await expect(refused).rejects.toThrow(SlugTakenError);
    await expect(refused).rejects.toMatchObject({ code: 'SLUG_TAKEN', path: 'slug', message: /"taken"/ });
    expect((await listDataSets(database())).map(({ slug }) => slug)).toEqual(['many', 'taken']);
  });
}

function directionTests(database: () => Database): void {
  it('have a slug of their own, a column or a role, and go with their experiment', async () => {
    const { id } = await runningExperiment(database());
    const artifacts = { directions: { shape: [1, 1, 2], values: Float32Array.of(3, 4) } };
    await completeExperiment(database(), id, { result: {}, record: {}, artifacts });
    const [artifact] = await listArtifacts(database(), id);
    const input = { experimentId: id, artifactId: artifact!.id, model: 'tiny', layer: 1, record: { norm: 5 } };
    await createDirection(database(), { ...input, slug: 'column', position: '-1' });
    await createDirection(database(), { ...input, slug: 'a-role', position: 'object' });
    const again = createDirection(database(), { ...input, slug: 'column', position: '-2' });
    await expect(again).rejects.toThrow(DirectionSlugTakenError);
    expect((await listDirections(database())).map(({ slug, position }) => [slug, position])).toEqual([
      ['a-role', 'object'],
      ['column', '-1'],
    ]);
    expect(await findDirectionBySlug(database(), 'column')).toMatchObject({ ...input, position: '-1' });
    await database().orm.delete(experiments).where(eq(experiments.id, id));
    expect(await listDirections(database())).toEqual([]);
  });
}

function experimentTests(database: () => Database): void {
  it('come back with the text of their JSON as it was written', async () => {
    // eslint-disable-next-line no-loss-of-precision -- what JavaScript keeps of it must come back
    const spec = { z: 1, a: { '2': [1.5, -0.1e-7, 12345678901234567890], '1': 'b' }, text: 'nul \u0000 half \ud83d "' };
    const { id } = await createExperiment(database(), experimentInput({ spec }));
    const found = await findExperiment(database(), id);
    expect(JSON.stringify(found?.spec)).toBe(JSON.stringify(spec));
    expect(found).toMatchObject({ status: 'QUEUED', attempts: 0, result: null, startedAt: null, finishedAt: null });
    expect(Math.abs(Date.now() - found!.createdAt.getTime())).toBeLessThan(60_000);
  });

  it('are paged newest first; experiments that arrive meanwhile do not shift the pages', async () => {
    const kind = `paged-${newId()}`;
    const created: string[] = [];
    for (let n = 0; n < 7; n += 1) created.push((await createExperiment(database(), experimentInput({ kind }))).id);
    const seen: string[] = [];
    let page = await listExperiments(database(), { first: 3, filter: { kinds: [kind] } });
    for (;;) {
      seen.push(...page.items.map(({ id }) => id));
      await createExperiment(database(), experimentInput({ kind }));
      if (!page.hasNextPage) break;
      page = await listExperiments(database(), { first: 3, after: seen.at(-1), filter: { kinds: [kind] } });
    }
    expect(seen).toEqual(created.reverse());
    expect(await countExperiments(database(), { kinds: [kind] })).toBe(10);
  });

  it('are filtered by kind, status, model, data set and words of the prompts', async () => {
    const kind = `filtered-${newId()}`;
    const make = async (name: string, text: string, change = {}) =>
      [(await createExperiment(database(), experimentInput({ kind, spec: { text }, ...change }))).id, name] as const;
    const names = new Map([
      await make('bomb', 'How to make a BOMB'),
      await make('percent', '100% of a_b \\ "quoted"', { model: 'other' }),
      await make('set', 'x', { dataSet: 'harmful' }),
    ]);
    const find = async (filter: object) => {
      const { items } = await listExperiments(database(), { first: 10, filter: { kinds: [kind], ...filter } });
      expect(await countExperiments(database(), { kinds: [kind], ...filter })).toBe(items.length);
      return items.map(({ id }) => names.get(id)).sort();
    };
    await startExperiment(database(), [...names.keys()][2]!);
    expect(await find({ search: 'a bomb' })).toEqual(['bomb']);
    expect(await find({ search: '%' })).toEqual(['percent']);
    expect(await find({ search: 'A_B \\ "quot' })).toEqual(['percent']);
    expect(await find({ search: '_' })).toEqual(['percent']);
    expect(await find({ search: [...names.keys()][0] })).toEqual(['bomb']);
    expect(await find({ model: 'other' })).toEqual(['percent']);
    expect(await find({ dataSet: 'harmful' })).toEqual(['set']);
    expect(await find({ statuses: ['QUEUED'] })).toEqual(['bomb', 'percent']);
    expect(await find({ statuses: [] })).toEqual([]);
  });
}

const moves: Record<ExperimentStatus, (session: Session, id: string) => Promise<unknown>> = {
  QUEUED: requeueExperiment,
  RUNNING: startExperiment,
  SUCCEEDED: (session, id) => completeExperiment(session, id, { result: 1, record: 2, artifacts: {} }),
  FAILED: (session, id) => failExperiment(session, id, { code: 'TEST', message: 'It failed.', path: 'pairs[1]' }),
  CANCELLED: cancelExperiment,
};

/** Written out, so that a change of the rules has to be made twice. */
const allowed = [
  'QUEUED RUNNING',
  'QUEUED FAILED',
  'QUEUED CANCELLED',
  'RUNNING QUEUED',
  'RUNNING SUCCEEDED',
  'RUNNING FAILED',
  'RUNNING CANCELLED',
];

function statusTests(database: () => Database): void {
  const cases = experimentStatuses.flatMap((from) => experimentStatuses.map((to) => [from, to] as const));

  it.each(cases)('from %s to %s', async (from, to) => {
    const { id } = await createExperiment(database(), experimentInput());
    await database().orm.update(experiments).set({ status: from }).where(eq(experiments.id, id));
    const before = await findExperiment(database(), id);
    if (allowed.includes(`${from} ${to}`)) {
      await moves[to](database(), id);
      const after = await findExperiment(database(), id);
      expect(after?.status).toBe(to);
      expect(after?.finishedAt === null).toBe(to === 'QUEUED' || to === 'RUNNING');
    } else {
      await expect(moves[to](database(), id)).rejects.toThrow(ExperimentStatusError);
      await expect(moves[to](database(), id)).rejects.toThrow(`The experiment ${id} is ${from}`);
      expect(await findExperiment(database(), id)).toEqual(before);
    }
  });

  it('keeps what a failure says', async () => {
    const { id } = await runningExperiment(database());
    await moves.FAILED(database(), id);
    const error = { code: 'TEST', message: 'It failed.', path: 'pairs[1]' };
    expect(await findExperiment(database(), id)).toMatchObject({ status: 'FAILED', error });
  });

  it('lets one worker of ten take up an experiment', async () => {
    const { id } = await createExperiment(database(), experimentInput());
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => startExperiment(database(), id)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await findExperiment(database(), id))?.attempts).toBe(1);
  });

  it('takes progress only while the experiment runs', async () => {
    const { id } = await runningExperiment(database());
    const progress = { stage: 'run', done: 3, total: 8 };
    expect(await setExperimentProgress(database(), id, progress)).toBe(true);
    await cancelExperiment(database(), id);
    expect(await setExperimentProgress(database(), id, { ...progress, done: 4 })).toBe(false);
    expect((await findExperiment(database(), id))?.progress).toEqual(progress);
  });

  it('names an experiment that does not exist', async () => {
    await expect(startExperiment(database(), 'nobody')).rejects.toThrow(ExperimentNotFoundError);
    await expect(startExperiment(database(), 'nobody')).rejects.toThrow('"nobody"');
  });
}

function shardTests(database: () => Database): void {
  const arrays = (seed: number) => ({ sums: { shape: [2, 3], values: new Float32Array(randomBits(6, seed).buffer) } });
  const bits = (values: Float32Array | undefined) => values && [...new Uint32Array(values.buffer)];

  const indices = async (id: string) => (await listShards(database(), id)).map(({ index }) => index);
  const save = (experimentId: string, index: number, seed = index) =>
    saveShard(database(), { experimentId, index, status: 'SUCCEEDED', result: null, arrays: arrays(seed) });

  it('are saved, replaced and loaded again', async () => {
    const { id: experimentId } = await runningExperiment(database());
    const shard = { experimentId, index: 1, status: 'RUNNING', result: { rows: 2 }, arrays: arrays(5) } as const;
    await saveShard(database(), shard);
    await saveShard(database(), { experimentId, index: 0, status: 'SUCCEEDED', result: null, arrays: {} });
    await saveShard(database(), { ...shard, status: 'SUCCEEDED', result: { rows: 3 }, arrays: arrays(6) });
    expect(await listShards(database(), experimentId)).toEqual([
      { index: 0, status: 'SUCCEEDED', result: null },
      { index: 1, status: 'SUCCEEDED', result: { rows: 3 } },
    ]);
    const loaded = await loadShard(database(), experimentId, 1);
    expect(loaded).toMatchObject({ status: 'SUCCEEDED', result: { rows: 3 }, arrays: { sums: { shape: [2, 3] } } });
    expect(bits(loaded?.arrays.sums?.values)).toEqual([...randomBits(6, 6)]);
    expect(await loadShard(database(), experimentId, 2)).toBeUndefined();
  });

  it('outlive a dead worker and go when the experiment succeeds', async () => {
    const { id } = await runningExperiment(database());
    await save(id, 0);
    await requeueExperiment(database(), id);
    await startExperiment(database(), id);
    expect(await indices(id)).toEqual([0]);
    await moves.SUCCEEDED(database(), id);
    expect(await indices(id)).toEqual([]);
  });

  it.each(['CANCELLED', 'FAILED'] as const)('of a %s experiment pass to the next of its specification', async (end) => {
    const specHash = newId();
    const [other, first, second] = [await running(newId()), await running(specHash), await running(specHash)];
    for (const [id, index] of [
      [other, 0],
      [first, 1],
      [second, 2],
    ] as const) {
      await save(id, index);
      await moves[end](database(), id);
    }
    const third = await running(specHash);
    await adoptShards(database(), third);
    await adoptShards(database(), third);
    expect(await Promise.all([other, first, second, third].map(indices))).toEqual([[0], [1], [], [2]]);
    const fourth = await running(specHash);
    await adoptShards(database(), fourth);
    expect(await indices(fourth)).toEqual([1]);
    expect(bits((await loadShard(database(), fourth, 1))?.arrays.sums?.values)).toEqual([...randomBits(6, 1)]);
    const fifth = await running(specHash);
    await adoptShards(database(), fifth);
    expect(await indices(fifth)).toEqual([]);
  });

  it('of experiments that have ended are bounded, the oldest dropped first; those of others stay', async () => {
    const [oldest, newest, open] = [await running(newId()), await running(newId()), await running(newId())];
    for (const id of [oldest, newest, open]) for (const index of [0, 1]) await save(id, index);
    for (const id of [oldest, newest]) await moves.CANCELLED(database(), id);
    await trimShards(database(), 2 * 24);
    expect(await Promise.all([oldest, newest, open].map(indices))).toEqual([[], [0, 1], [0, 1]]);
    await trimShards(database(), 2 * 24 - 1);
    expect(await Promise.all([newest, open].map(indices))).toEqual([[], [0, 1]]);
  });

  async function running(specHash: string): Promise<string> {
    const { id } = await createExperiment(database(), experimentInput({ specHash }));
    await startExperiment(database(), id);
    return id;
  }
}

function apiTokenTests(database: () => Database): void {
  it('are verified until they are revoked; the database holds no token', async () => {
    const { token, apiToken } = await createApiToken(database(), { name: 'laptop', role: 'RUNNER' });
    expect(await verifyApiToken(database(), token)).toMatchObject({ id: apiToken.id, role: 'RUNNER' });
    expect(await verifyApiToken(database(), `${token}x`)).toBeUndefined();
    expect(await verifyApiToken(database(), '')).toBeUndefined();
    expect((await listApiTokens(database()))[0]?.lastUsedAt).toBeInstanceOf(Date);
    expect(JSON.stringify(await database().orm.select().from(apiTokens))).not.toContain(token);
    expect(await revokeApiToken(database(), apiToken.id)).toBe(true);
    expect(await revokeApiToken(database(), apiToken.id)).toBe(false);
    expect(await verifyApiToken(database(), token)).toBeUndefined();
  });
}

function transactionTests(database: () => Database): void {
  const slugs = async () => (await listDataSets(database())).map(({ slug }) => slug);
  const add = (session: Session, slug: string) => createDataSet(session, { slug, name: slug, pairs: [] });

  it('undo everything when they throw', async () => {
    const before = await slugs();
    const failing = database().transaction(async (tx) => {
      await add(tx, 'undone');
      throw new DatabaseError('TEST', 'Halfway.');
    });
    await expect(failing).rejects.toMatchObject({ code: 'TEST', message: 'Halfway.' });
    expect(await slugs()).toEqual(before);
  });

  it('undo only the inner one when the outer one goes on', async () => {
    const before = await slugs();
    await database().transaction(async (tx) => {
      await add(tx, 'outer');
      await expect(tx.transaction((inner) => add(inner, 'outer'))).rejects.toThrow(SlugTakenError);
    });
    expect((await slugs()).filter((slug) => !before.includes(slug))).toEqual(['outer']);
  });

  it('run side by side', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => database().transaction((tx) => add(tx, `side-${n}`))));
    expect((await slugs()).filter((slug) => slug.startsWith('side-'))).toHaveLength(20);
  });
}

describe('openDatabase', () => {
  it('needs to be told where', async () => {
    await expect(openDatabase({})).rejects.toThrow('openDatabase needs a dataDir or a url.');
  });
});
