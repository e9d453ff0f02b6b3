/** What the API refuses: bad specs with code and path, paths outside, operations too large, callers from elsewhere. */
import { openDatabase, type DatabaseLocation } from '@demur/db';
import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { onBothDatabases } from '../db/both-databases.ts';
import { startServer, subscribe, temporaryFolder, type TestServer } from './server.ts';

const golden = goldenCase('llama_mha', 'plain');
const good = { kind: 'attribution', model: golden.model, pairs: golden.pairs };
const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';

/** A spec with one thing wrong, and what is said about it. */
type Bad = [what: string, spec: unknown, error: { code: string; path?: string }, words: string];

function withPair(change: object): object {
  return { ...good, pairs: [golden.pairs[0], { ...golden.pairs[1], ...change }] };
}

const specs: Bad[] = [
  ['no object', [], { code: 'INVALID_SPEC' }, 'a spec is a JSON object'],
  ['no kind', { model: 'x' }, { code: 'INVALID_SPEC', path: 'kind' }, 'missing'],
  ['an unknown kind', { ...good, kind: 'circuit' }, { code: 'INVALID_SPEC', path: 'kind' }, 'circuit-evaluation'],
  ['an unknown option', { ...good, options: { speed: 9 } }, { code: 'INVALID_SPEC', path: 'options.speed' }, 'kvHeads'],
  ['a later method', { ...good, options: { method: 'ig' } }, { code: 'INVALID_SPEC', path: 'options.method' }, 'eap'],
  ['no pairs', { ...good, pairs: [] }, { code: 'INVALID_SPEC', path: 'pairs' }, 'pairs'],
  ['an unknown model', { ...good, model: 'nope' }, { code: 'UNKNOWN_MODEL', path: 'model' }, '"nope"'],
  ['a path outside', { ...good, model: '/etc' }, { code: 'PATH_NOT_ALLOWED' }, 'DEMUR_MODEL_ROOTS'],
  [
    'a path up and out',
    { ...good, model: `${golden.model}/../../../../../../../../etc` },
    { code: 'PATH_NOT_ALLOWED' },
    'outside',
  ],
  ['no such data set', { ...good, pairs: 'nope' }, { code: 'UNKNOWN_DATA_SET', path: 'pairs' }, '"nope"'],
  ['a token that is none', withPair({ answer: -1 }), { code: 'INVALID_SPEC', path: 'pairs[1].answer' }, '-1'],
  [
    'a token outside',
    withPair({ clean: { tokens: [1, 99999] } }),
    { code: 'INVALID_PAIR', path: 'pairs[1].clean' },
    '99999',
  ],
  [
    'unequal lengths',
    withPair({ clean: { tokens: [1, 2] } }),
    { code: 'INVALID_PAIR', path: 'pairs[1]' },
    'equal length',
  ],
  [
    'equal prompts',
    withPair({ corrupted: golden.pairs[1]!.clean }),
    { code: 'INVALID_PAIR', path: 'pairs[1]' },
    'same tokens',
  ],
  [
    'text without tokenizer',
    withPair({ answer: 'Sorry' }),
    { code: 'INVALID_PAIR', path: 'pairs[1].answer' },
    'tokenizer',
  ],
  [
    'a column that is none',
    { ...good, kind: 'activation-patching', options: { positions: [99] } },
    { code: 'INVALID_SPEC', path: 'options.positions[0]' },
    '99',
  ],
];

onBothDatabases((home) => {
  let server: TestServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let location: DatabaseLocation;
  beforeAll(async () => {
    folder = await temporaryFolder();
    location = home.location();
    const roots = `${golden.model}:${folder.path}`;
    server = await startServer({ DEMUR_DATA: location.dataDir, DATABASE_URL: location.url, DEMUR_MODEL_ROOTS: roots });
  });
  afterAll(async () => {
    await server?.stop();
    await folder.remove();
  });

  it.each(specs)('refuses a spec with %s', async (_, spec, { code, path }, words) => {
    const { data, errors } = await server.ask(CREATE, { spec });
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors![0]!.extensions.code).toBe(code);
    if (path !== undefined) expect(errors![0]!.extensions.path).toBe(path);
    expect(errors![0]!.message).toContain(words);
  });

  it.each([
    ['a directory without config.json', async (dir: string) => writeFile(join(dir, 'notes.txt'), ''), 'CONFIG_MISSING'],
    ['a truncated safetensors file', truncated, 'TRUNCATED_FILE'],
    ['an unsupported architecture', unsupported, 'UNSUPPORTED_ARCHITECTURE'],
  ])('refuses to register %s', async (what, fill, code) => {
    const dir = join(folder.path, what.replaceAll(' ', '-'));
    await mkdir(dir);
    await fill(dir);
    const input = { path: dir, slug: 'bad' };
    const { errors } = await server.ask(
      'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }',
      { input },
    );
    expect(errors![0]!.extensions.code).toBe(code);
  });

  it('refuses slugs that cannot be, and data sets that cannot be', async () => {
    const createDataSet = (input: object) =>
      server.ask('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', { input });
    expect((await createDataSet({ slug: 'No Slug', pairs: golden.pairs })).errors![0]!.extensions).toEqual({
      code: 'INVALID_SLUG',
      path: 'slug',
    });
    const pairs = [{ ...golden.pairs[0], clean: { txet: 'x' } }];
    expect((await createDataSet({ slug: 'typo', pairs })).errors![0]!.extensions).toMatchObject({
      code: 'INVALID_SPEC',
      path: expect.stringContaining('pairs[0].clean') as string,
    });
    expect((await createDataSet({ slug: 'empty', pairs: [] })).errors![0]!.extensions).toMatchObject({
      code: 'INVALID_SPEC',
      path: 'pairs',
    });
  });

  it("refuses a variable that is no value of its enum as the caller's mistake", async () => {
    const query = 'query ($filter: ExperimentFilter) { experiments(filter: $filter) { totalCount } }';
    const { errors } = await server.ask(query, { filter: { status: 'DONE' } });
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors![0]!.message).toContain('DONE');
  });

  it('knows nothing of ids that are none', async () => {
    expect(await server.get('{ experiment(id: "nope") { id } circuit(id: "nope") { id } }')).toEqual({
      experiment: null,
      circuit: null,
    });
    for (const field of ['cancelExperiment', 'rerunExperiment'])
      expect((await server.ask(`mutation { ${field}(id: "nope") { id } }`)).errors![0]!.extensions.code).toBe(
        'EXPERIMENT_NOT_FOUND',
      );
    const events = await subscribe(server.url, 'subscription { experimentProgress(id: "nope") { status } }');
    expect(events[0]!.errors![0]!.extensions.code).toBe('EXPERIMENT_NOT_FOUND');
    for (const path of [
      '/export/experiments/nope.safetensors',
      '/export/circuits/nope.json',
      '/export/circuits/nope.csv',
    ])
      expect((await fetch(`${server.url}${path}`)).status, path).toBe(404);
  });

  it('has left the database as it was', async () => {
    await server.stop();
    const database = await openDatabase(location);
    const tables = ['experiments', 'models', 'data_sets', 'pairs', 'circuits', 'artifacts', 'pgboss.job'];
    const counts = await Promise.all(
      tables.map((table) => database.executeSql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)),
    );
    await database.close();
    expect(counts.map(({ rows }) => rows[0]!.n)).toEqual(tables.map(() => 0));
  });
});

async function truncated(dir: string): Promise<void> {
  for (const file of ['config.json', 'model.safetensors']) await copyFile(join(golden.model, file), join(dir, file));
  await truncate(join(dir, 'model.safetensors'), 20_000);
}

async function unsupported(dir: string): Promise<void> {
  await writeFile(
    join(dir, 'config.json'),
    JSON.stringify({ architectures: ['MambaForCausalLM'], model_type: 'mamba' }),
  );
}

describe('one operation', () => {
  let server: TestServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startServer({ DEMUR_DATA: folder.path });
  });
  afterAll(async () => {
    await server?.stop();
    await folder.remove();
  });

  const deep = (levels: number): string => (levels === 0 ? 'id' : `experiment { circuit { ${deep(levels - 1)} } }`);
  const wide = '{ experiments(first: 1000) { nodes { circuit { edges(first: 1000) { nodes { name score } } } } } }';

  it('may not be too deep, nor ask for too much, on any transport', async () => {
    const tooDeep = `circuit(id: "x") { ${deep(8)} }`;
    expect((await server.ask(`{ ${tooDeep} }`)).errors![0]!.extensions.code).toBe('QUERY_TOO_DEEP');
    expect((await server.ask(wide)).errors![0]!.extensions.code).toBe('QUERY_TOO_COMPLEX');
    const [overSocket] = await subscribe(server.url, wide);
    expect(overSocket!.errors![0]!.extensions.code).toBe('QUERY_TOO_COMPLEX');
    const cyclic = 'query { circuit(id: "x") { ...a } } fragment a on Circuit { id ...a }';
    expect((await server.ask(cyclic)).errors![0]!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('may be introspected', async () => {
    const nested = (levels: number): string => (levels === 0 ? 'name' : `name ofType { ${nested(levels - 1)} }`);
    const { __schema } = await server.get<{ __schema: { types: unknown[] } }>(
      `{ __schema { types { name fields { name type { ${nested(12)} } } } } }`,
    );
    expect(__schema.types.length).toBeGreaterThan(30);
  });

  it('may not be larger than the limit, and must be JSON', async () => {
    const post = (body: string) =>
      fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const large = await post(JSON.stringify({ query: `{ models { id } } # ${'x'.repeat(33 << 20)}` }));
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ errors: [{ extensions: { code: 'BODY_TOO_LARGE' } }] });
    expect((await post('{')).status).toBe(400);
  });

  it('comes from this server alone', async () => {
    const get = await fetch(`${server.url}/graphql?query=${encodeURIComponent('{ models { id } }')}`);
    expect(get.status).toBe(400);
    const plain = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"query":"{ models { id } }"}',
    });
    expect(plain.status).toBe(400);
    expect(await statusFor(server.url, { host: 'demur.example' })).toBe(403);
    expect(await statusFor(server.url, { origin: 'http://evil.example' })).toBe(403);
    expect(await statusFor(server.url, { origin: server.url })).toBe(200);
    expect(await statusFor(server.url, {})).toBe(200);
  });
});

/** The status of /healthz with headers that fetch does not let one set. */
function statusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((done, fail) => {
    request(`${url}/healthz`, { headers }, (response) => done(response.resume().statusCode))
      .on('error', fail)
      .end();
  });
}
