/** An experiment through the whole way: spec in over GraphQL, progress, result, downloads; on both databases. */
import { decodeSafetensors } from '@demur/interp';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onBothDatabases } from '../db/both-databases.ts';
import { difference, goldenCase } from '../golden/golden-case.ts';
import { ended, root, startServer, subscribe, temporaryFolder, type ProgressEvent, type TestServer } from './server.ts';

const golden = goldenCase('llama_mha', 'leftpad');
const eap = { kind: 'attribution', model: golden.model, pairs: golden.pairs, options: { method: 'eap' } };
const patching = {
  ...eap,
  kind: 'activation-patching',
  options: { activations: ['resid_pre', 'z', 'v'], positions: 'each' },
};

const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id status kind } }';

async function create(server: TestServer, spec: object): Promise<string> {
  const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(CREATE, { spec });
  return createExperiment.id;
}

/** What the command writes for the same spec, on the same backend. */
async function byCommand(spec: object): Promise<{ arrays: Buffer; result: Record<string, unknown> }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder.path, 'spec.json'), JSON.stringify(spec));
  const args = [
    'run',
    join(folder.path, 'spec.json'),
    '--out',
    join(folder.path, 'out'),
    '--backend',
    'wasm',
    '--workers',
    '1',
  ];
  await promisify(execFile)(join(root, 'node_modules/.bin/demur'), args, { cwd: root });
  const arrays = await readFile(join(folder.path, 'out/arrays.safetensors'));
  const result = JSON.parse(await readFile(join(folder.path, 'out/result.json'), 'utf8')) as Record<string, unknown>;
  await folder.remove();
  return { arrays, result };
}

async function download(server: TestServer, path: string): Promise<Buffer> {
  const response = await fetch(`${server.url}${path}`);
  expect(response.status, path).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

onBothDatabases((home) => {
  let server: TestServer;
  beforeAll(async () => {
    const { dataDir, url } = home.location();
    server = await startServer({ DEMUR_DATA: dataDir, DATABASE_URL: url });
  });
  afterAll(() => server?.stop());

  describe('an attribution', () => {
    let id: string;
    beforeAll(async () => {
      id = await create(server, eap);
    });

    it('tells its progress until it has succeeded, and at once to who comes later', async () => {
      const query = 'subscription ($id: ID!) { experimentProgress(id: $id) { experimentId status fraction } }';
      const events = await subscribe<{ experimentProgress: ProgressEvent & { experimentId: string } }>(
        server.url,
        query,
        { id },
      );
      const steps = events.map(({ data }) => data!.experimentProgress);
      expect(steps.every(({ experimentId }) => experimentId === id)).toBe(true);
      expect(steps.at(-1)).toMatchObject({ status: 'SUCCEEDED', fraction: 1 });
      const order = ['QUEUED', 'RUNNING', 'SUCCEEDED'];
      const places = steps.map(({ status }) => order.indexOf(status));
      expect(places).toEqual([...places].sort());
      expect(await subscribe(server.url, query, { id })).toHaveLength(1);
    });

    it('streams its progress over server-sent events too', async () => {
      const query = `subscription { experimentProgress(id: "${id}") { status } }`;
      const response = await fetch(`${server.url}/graphql/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query }),
      });
      expect(await response.text()).toContain('data: {"data":{"experimentProgress":{"status":"SUCCEEDED"}}}');
    });

    it('has the scores of the reference', async () => {
      const arrays = decodeSafetensors(await download(server, `/export/experiments/${id}.safetensors`));
      expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-4);
      expect(difference(arrays['mask'], golden.arrays['edge_mask']!).relative).toBe(0);
    });

    it('is the same, byte for byte, as what the command writes', async () => {
      const { arrays, result } = await byCommand(eap);
      expect((await download(server, `/export/experiments/${id}.safetensors`)).equals(arrays)).toBe(true);
      const { experiment } = await server.get<{ experiment: { result: Record<string, unknown>; record: object } }>(
        'query ($id: ID!) { experiment(id: $id) { result record } }',
        { id },
      );
      const { record, ...own } = result;
      const { record: _, ...kept } = experiment.result;
      expect(kept).toEqual(own);
      expect(experiment.record).toMatchObject({ model: (record as { model: object }).model });
    });

    it('keeps its spec, times, model and pairs with their tokens', async () => {
      const { experiment } = await server.get<{
        experiment: Record<string, unknown> & { pairs: Record<string, unknown>[] };
      }>(
        `query ($id: ID!) { experiment(id: $id) { kind status error { code } spec specHash modelName model { slug } dataSet { slug }
          createdAt startedAt finishedAt pairs { index clean { id string } answer { id } distractor { id } firstDifference } } }`,
        { id },
      );
      expect(experiment).toMatchObject({
        kind: 'ATTRIBUTION',
        status: 'SUCCEEDED',
        error: null,
        model: null,
        dataSet: null,
      });
      expect(experiment['modelName']).toBe(golden.model);
      expect(Date.parse(String(experiment['finishedAt']))).toBeGreaterThanOrEqual(
        Date.parse(String(experiment['startedAt'])),
      );
      const clean = experiment.pairs.map((pair) => (pair['clean'] as { id: number }[]).map((token) => token.id));
      expect(clean).toEqual(golden.pairs.map((pair) => (pair.clean as { tokens: number[] }).tokens));
    });

    it('is not run twice unless asked for', async () => {
      expect(await create(server, eap)).toBe(id);
      const { rerunExperiment } = await server.get<{ rerunExperiment: { id: string } }>(
        `mutation { rerunExperiment(id: "${id}") { id } }`,
      );
      expect(rerunExperiment.id).not.toBe(id);
      expect((await ended(server, rerunExperiment.id)).status).toBe('SUCCEEDED');
      const [a, b] = await Promise.all(
        [id, rerunExperiment.id].map((one) => download(server, `/export/experiments/${one}.safetensors`)),
      );
      expect(a!.equals(b!)).toBe(true);
    });
  });

  it('shows patching as grids whose means and shares follow from the reference', async () => {
    const id = await create(server, patching);
    expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
    const { experiment } = await server.get<{ experiment: { patchingGrids: Grid[]; pairs: Baseline[] } }>(
      `query ($id: ID!) { experiment(id: $id) { pairs { metricClean metricCorrupted }
        patchingGrids { activation direction pairCount baselineClean baselineCorrupted rows { kind labels } columns { kind labels }
          values normalised second: values(pair: 1) } } }`,
      { id },
    );
    const [resid, z, v] = experiment.patchingGrids;
    const reference = golden.arrays['patch.resid_pre']!;
    const [layers = 0, columns = 0, pairs = 0] = reference.shape;
    expect(resid).toMatchObject({ activation: 'resid_pre', direction: 'denoising', pairCount: pairs });
    expect(resid!.rows).toEqual({ kind: 'LAYER', labels: Array.from({ length: layers }, (_, layer) => `L${layer}`) });
    expect(resid!.columns.labels).toHaveLength(columns);
    expect(z!.rows.labels.slice(0, 2)).toEqual(['a0.h0', 'a0.h1']);
    expect(v!.rows.labels.slice(0, 2)).toEqual(['a0.kv0', 'a0.kv1']);
    const clean = mean(experiment.pairs.map(({ metricClean }) => metricClean));
    const corrupted = mean(experiment.pairs.map(({ metricCorrupted }) => metricCorrupted));
    expect(resid!.baselineClean).toBeCloseTo(clean, 5);
    for (let layer = 0; layer < layers; layer++)
      for (let column = 0; column < columns; column++) {
        const cell = [
          ...reference.values.subarray((layer * columns + column) * pairs, (layer * columns + column + 1) * pairs),
        ];
        const isPad = column < columns - golden.lengths[1]!;
        const expected = isPad ? cell[0]! : mean(cell);
        expect(resid!.values[layer]![column]).toBeCloseTo(expected, 4);
        expect(resid!.normalised[layer]![column]).toBeCloseTo((expected - corrupted) / (clean - corrupted), 3);
        expect(resid!.second[layer]![column] === null).toBe(isPad);
      }
  });

  it('shows what steering and generation make the model write, and what they do to the metric', async () => {
    const file = join(root, 'test/golden/open/llama_mha/leftpad.safetensors');
    const direction = { file, name: 'steer.vector' };
    const options = { direction, coefficients: [0, 1.5], layers: [1], maxTokens: 8 };
    const id = await create(server, { ...eap, kind: 'steering', options });
    expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
    const { experiment } = await server.get<{ experiment: Steered }>(
      `query ($id: ID!) { experiment(id: $id) { spec completions { pair coefficient tokens text finish }
        steeringSweep { coefficients metric mean } } }`,
      { id },
    );
    const tokens = [...golden.tokens['generate.plain']!, ...golden.tokens['generate.add_all_pos']!];
    expect(experiment.completions).toEqual(
      tokens.map((own, i) => ({
        ...{ pair: i % 2, coefficient: [0, 1.5][Math.floor(i / 2)], tokens: own, text: null, finish: 'LENGTH' },
      })),
    );
    const { coefficients, metric, mean: means } = experiment.steeringSweep;
    expect(coefficients).toEqual([0, 1.5]);
    const clean = [...golden.arrays['clean.metric']!.values];
    for (const [p, value] of metric[0]!.entries()) expect(value).toBeCloseTo(clean[p]!, 4);
    expect(means[1]).toBeCloseTo(mean(metric[1]!), 5);
    // The values that were read are part of the spec.
    expect(experiment.spec.options.direction).toEqual({
      ...direction,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(await create(server, { ...eap, kind: 'steering', options })).toBe(id);
    const plain = await create(server, { ...eap, kind: 'generation', options: { maxTokens: 2 } });
    expect(await ended(server, plain)).toMatchObject({ status: 'SUCCEEDED' });
    const generated = await server.get<{ experiment: Steered }>(
      'query ($id: ID!) { experiment(id: $id) { steeringSweep { mean } completions { coefficient tokens } } }',
      { id: plain },
    );
    expect(generated.experiment).toEqual({
      steeringSweep: null,
      completions: golden.tokens['generate.plain']!.map((own) => ({ coefficient: null, tokens: own.slice(0, 2) })),
    });
    const outside = { ...options, direction: { file: '/etc/passwd', name: 'v' } };
    const { errors } = await server.ask(CREATE, { spec: { ...eap, kind: 'steering', options: outside } });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'PATH_NOT_ALLOWED' } });
  });

  it('lists experiments newest first, a page at a time, by filter', async () => {
    const page = 'nodes { id kind } pageInfo { hasNextPage endCursor } totalCount';
    const first = await server.get<Listing>(`{ experiments(first: 1) { ${page} } }`);
    const { endCursor } = first.experiments.pageInfo;
    const second = await server.get<Listing>(
      `query ($after: String) { experiments(first: 1, after: $after) { ${page} } }`,
      { after: endCursor },
    );
    expect(first.experiments.pageInfo.hasNextPage).toBe(true);
    expect(first.experiments.nodes[0]!.id > second.experiments.nodes[0]!.id).toBe(true);
    const attributions = await server.get<Listing>(
      `{ experiments(filter: { kinds: [ATTRIBUTION], statuses: [SUCCEEDED] }) { ${page} } }`,
    );
    expect(attributions.experiments.totalCount).toBe(2);
    expect(attributions.experiments.nodes.every(({ kind }) => kind === 'ATTRIBUTION')).toBe(true);
  });

  it('registers a model and a data set and runs on them by their slugs', async () => {
    await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', {
      input: { path: golden.model, slug: 'tiny' },
    });
    await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
      input: { slug: 'two-pairs', pairs: golden.pairs },
    });
    const id = await create(server, { ...eap, model: 'tiny', pairs: 'two-pairs' });
    expect((await ended(server, id)).status).toBe('SUCCEEDED');
    const { experiment, dataSets } = await server.get<{ experiment: object; dataSets: object[] }>(
      `query ($id: ID!) { experiment(id: $id) { model { slug shape { nLayers nHeads } } dataSet { slug size } }
        dataSets { slug pairs(first: 1) { totalCount nodes { clean cleanText } } } }`,
      { id },
    );
    expect(experiment).toEqual({
      model: { slug: 'tiny', shape: { nLayers: golden.json.n_layers, nHeads: golden.json.n_heads } },
      dataSet: { slug: 'two-pairs', size: 2 },
    });
    // Those that come with demur stand after it.
    expect(dataSets[0]).toMatchObject({
      slug: 'two-pairs',
      pairs: { totalCount: 2, nodes: [{ clean: golden.pairs[0]!.clean }] },
    });
    const arrays = decodeSafetensors(await download(server, `/export/experiments/${id}.safetensors`));
    expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-4);
  });

  it('cancels what waits, and leaves what has ended', async () => {
    const options = [['z'], ['attn_out'], ['z', 'attn_out']].map((activations) => ({ activations }));
    const busy = await Promise.all(options.map((each) => create(server, { ...patching, options: each })));
    const waiting = await create(server, { ...patching, options: { activations: ['mlp_out'] } });
    const cancel = (id: string) =>
      server.get<{ cancelExperiment: { status: string } }>(`mutation { cancelExperiment(id: "${id}") { status } }`);
    expect((await cancel(waiting)).cancelExperiment.status).toBe('CANCELLED');
    expect((await ended(server, waiting)).status).toBe('CANCELLED');
    for (const id of busy) expect((await ended(server, id)).status).toBe('SUCCEEDED');
    expect((await cancel(busy[0]!)).cancelExperiment.status).toBe('SUCCEEDED');
  });

  it('has no tensor library in its own process', () => {
    const maps = readFileSync(`/proc/${server.pid}/maps`, 'utf8');
    expect(maps).not.toMatch(/tensorflow|tfjs/);
  });
});

interface Steered {
  spec: { options: { direction: object } };
  completions: object[];
  steeringSweep: { coefficients: number[]; metric: number[][]; mean: number[] };
}

interface Grid {
  activation: string;
  direction: string;
  pairCount: number;
  baselineClean: number;
  rows: { kind: string; labels: string[] };
  columns: { kind: string; labels: string[] };
  values: (number | null)[][];
  normalised: (number | null)[][];
  second: (number | null)[][];
}

interface Baseline {
  metricClean: number;
  metricCorrupted: number;
}

interface Listing {
  experiments: {
    nodes: { id: string; kind: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
    totalCount: number;
  };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
