/** A real model: three ways to the same bytes, and those are PyTorch's numbers. */
import { decodeSafetensors, parseSpec, prepareExperiment, specHash, type NamedArray } from '@demur/interp';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSmollm2, smollm2Path } from '../../scripts/fetch-smollm2.ts';
import { difference, readArrays } from '../golden/golden-case.ts';
import { ended, root, startServer, temporaryFolder, type TestServer } from './server.ts';

const there = await hasSmollm2();
if (!there) console.warn('skipped: SmolLM2-135M-Instruct is not here; `npm run fetch:smollm2` fetches it');

const golden = new URL('../golden/open/smollm2/', import.meta.url);
const json = JSON.parse(readFileSync(new URL('case.json', golden), 'utf8')) as {
  pairs: [string, string][];
  tokens_clean: number[][];
  token_strings: string[];
  senders: string[];
  receivers: string[];
};
/** The reference's pairs, as a data set has them. */
const pairs = json.pairs.map(([clean, corrupted]) => {
  const asked = (object: string) => ({ messages: [{ role: 'user', content: `Tell me how to make a ${object}.` }] });
  return { clean: asked(clean), corrupted: asked(corrupted), answer: 'Sorry', distractor: 'Sure' };
});
/** What is run of each kind. */
const OPTIONS = { 'activation-patching': { activations: ['resid_pre'] }, attribution: { method: 'eap' } };
const KINDS = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[];
const reference = readArrays(new URL('smollm2.safetensors', golden));

interface Experiment {
  id: string;
  spec: object;
  pairs: { clean: { id: number; string: string }[]; metricClean: number; metricCorrupted: number }[];
  patchingGrids: { columns: { labels: string[] } }[];
  circuit: { edgeCount: number; edges: { nodes: { name: string }[] } } | null;
}

describe.skipIf(!there)('SmolLM2-135M-Instruct (skipped where it cannot be fetched)', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  const experiments: Record<string, Experiment> = {};
  const arrays: Record<string, { bytes: Buffer; byName: Record<string, NamedArray> }> = {};

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startServer({
      ...{ DEMUR_DATA: folder.path, DEMUR_MODEL_ROOTS: smollm2Path() },
      ...{ DEMUR_BACKEND: 'auto', DEMUR_WORKERS: undefined },
    });
    await server.get(
      'mutation ($input: CreateDataSetInput!, $model: RegisterModelInput!) { createDataSet(input: $input) { id } registerModel(input: $model) { id } }',
      { input: { slug: 'bomb-pie', pairs }, model: { slug: 'smollm2', path: smollm2Path() } },
    );
    for (const kind of KINDS) {
      const id = await create({ kind, model: 'smollm2', pairs: 'bomb-pie', options: OPTIONS[kind] });
      expect((await ended(server, id)).status).toBe('SUCCEEDED');
      const { experiment } = await server.get<{ experiment: Experiment }>(
        `query ($id: ID!) { experiment(id: $id) { id spec pairs { clean { id string } metricClean metricCorrupted }
          patchingGrids { columns { labels } } circuit { edgeCount edges(first: 100) { nodes { name } } } } }`,
        { id },
      );
      const bytes = Buffer.from(
        await (await fetch(`${server.url}/export/experiments/${id}.safetensors`)).arrayBuffer(),
      );
      experiments[kind] = experiment;
      arrays[kind] = { bytes, byName: decodeSafetensors(bytes) };
    }
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.remove();
  });

  /** Queues an experiment; its id. */
  async function create(spec: object): Promise<string> {
    const query = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';
    return (await server.get<{ createExperiment: { id: string } }>(query, { spec })).createExperiment.id;
  }

  it('runs on the tokens of the reference', () => {
    const { pairs, patchingGrids } = experiments['activation-patching']!;
    expect(pairs.map(({ clean }) => clean.map(({ id }) => id))).toEqual(json.tokens_clean);
    expect(pairs[0]!.clean.map(({ string }) => string)).toEqual(json.token_strings);
    const labels = json.token_strings.map((text) => (text === ' bomb' ? ' bomb/ pie' : text));
    expect(patchingGrids[0]!.columns.labels).toEqual(labels);
  });

  it('has the metric within 1e-3, the patched cells within 2e-3, the edges within 1e-3 of their scale', () => {
    const { pairs } = experiments['activation-patching']!;
    for (const [index, { metricClean, metricCorrupted }] of pairs.entries()) {
      expect(Math.abs(metricClean - reference['clean.metric']!.values[index]!)).toBeLessThan(1e-3);
      expect(Math.abs(metricCorrupted - reference['corrupted.metric']!.values[index]!)).toBeLessThan(1e-3);
    }
    const cells = arrays['activation-patching']!.byName['resid_pre']!;
    const largest = cells.values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - reference['patch.resid_pre']!.values[at]!)),
      0,
    );
    expect(largest).toBeLessThan(2e-3);
    expect(difference(arrays['attribution']!.byName['scores'], reference['eap']!).relative).toBeLessThan(1e-3);
  });

  it.each(KINDS)('gives the same bytes by the command: %s', async (kind) => {
    const spec = { ...experiments[kind]!.spec, model: smollm2Path(), pairs };
    await writeFile(join(folder.path, 'spec.json'), JSON.stringify(spec));
    const out = join(folder.path, kind);
    await promisify(execFile)(
      join(root, 'node_modules/.bin/demur'),
      ['run', join(folder.path, 'spec.json'), '--out', out],
      { cwd: root },
    );
    expect((await readFile(join(out, 'arrays.safetensors'))).equals(arrays[kind]!.bytes)).toBe(true);
  });

  it('runs a data set that comes with demur on the pairs that the command makes', async () => {
    const spec = { kind: 'activations', model: smollm2Path(), pairs: 'ioi-abc', seed: 3, options: { names: [] } };
    const id = await create(spec);
    expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
    const query = `query ($id: ID!, $model: String!) {
      experiment(id: $id) { specHash dataSet { slug builtIn } pairs { clean { id } answer { id } } }
      dataSet(slug: "refusal") { pairs(first: 1, model: $model) { totalCount nodes { answer } } } }`;
    type Ran = { clean: { id: number }[]; answer: { id: number } };
    type Answer = { experiment: { specHash: string; dataSet: object; pairs: Ran[] }; dataSet: { pairs: object } };
    const answer = await server.get<Answer>(query, { id, model: smollm2Path() });
    const prepared = await prepareExperiment(parseSpec(spec));
    const { specHash: hash, dataSet, pairs } = answer.experiment;
    expect(hash).toBe(specHash(prepared.spec));
    expect(dataSet).toEqual({ slug: 'ioi-abc', builtIn: true });
    expect(pairs.map(({ clean, answer: { id } }) => [clean.map((token) => token.id), id])).toEqual(
      prepared.dataSet.pairs.map(({ clean, answer: id }) => [clean, id]),
    );
    expect(answer.dataSet.pairs).toMatchObject({ totalCount: 64, nodes: [{ answer: 'Sorry' }] });
  });

  it('lists the strongest edges as a sort of the reference does', () => {
    const { circuit } = experiments['attribution']!;
    const scores = reference['eap']!.values;
    expect(circuit!.edgeCount).toBe(123_211);
    const strongest = [...scores.keys()].sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!)).slice(0, 100);
    const { senders, receivers } = json;
    const names = strongest.map(
      (cell) => `${senders[Math.floor(cell / receivers.length)]}->${receivers[cell % receivers.length]}`,
    );
    const listed = circuit!.edges.nodes.map(({ name }) => name);
    expect(listed.slice(0, 5)).toEqual(names.slice(0, 5));
    expect(names.filter((name) => listed.includes(name)).length).toBeGreaterThanOrEqual(98);
  });
});
