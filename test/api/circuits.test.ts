/** Circuits over GraphQL against brute force on the exported matrix: edges, neighbourhoods, paths, comparison, files. */
import { readFile } from 'node:fs/promises';
import { decodeSafetensors } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { ended, startServer, temporaryFolder, type TestServer } from './server.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');

/** An edge as the matrix has it. */
interface Reference {
  name: string;
  sender: string;
  receiver: string;
  port: string;
  score: number;
}

interface EdgeNode extends Omit<Reference, 'sender' | 'receiver'> {
  rank: number;
  sender: { name: string };
  receiver: { name: string };
}

interface EdgePage {
  nodes: EdgeNode[];
  edges: { cursor: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
  totalCount: number;
}

const EDGE = 'name score rank port sender { name } receiver { name }';
const PAGE = `nodes { ${EDGE} } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount`;

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const circuits: Record<string, { id: string; edges: Reference[] }> = {};

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ DEMUR_DATA: folder.path });
  for (const kvHeads of ['expanded', 'native']) circuits[kvHeads] = await attribution(kvHeads);
});
afterAll(async () => {
  await server?.stop();
  await folder.remove();
});

/** Runs EAP and reads its edges from the downloaded matrix, strongest first. */
async function attribution(kvHeads: string, more = {}): Promise<{ id: string; edges: Reference[] }> {
  const spec = { kind: 'attribution', model: golden.model, pairs: golden.pairs, options: { kvHeads, ...more } };
  const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(
    'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }',
    { spec },
  );
  expect(await ended(server, createExperiment.id)).toMatchObject({ status: 'SUCCEEDED' });
  const { experiment } = await server.get<{
    experiment: { circuit: { id: string }; result: { senders: string[]; receivers: string[] } };
  }>(`{ experiment(id: "${createExperiment.id}") { circuit { id } result } }`);
  const response = await fetch(`${server.url}/export/experiments/${createExperiment.id}.safetensors`);
  const { scores, mask } = decodeSafetensors(new Uint8Array(await response.arrayBuffer()));
  const { senders, receivers } = experiment.result;
  const edges = senders.flatMap((sender, row) =>
    receivers.flatMap((name, column) => {
      const cell = row * receivers.length + column;
      const [receiver = '', port = 'in>'] = name.split('<');
      const edge = { sender, receiver, port: port.slice(0, -1).toUpperCase(), score: scores!.values[cell]! };
      return mask!.values[cell] === 0 ? [] : [{ name: `${sender}->${name}`, ...edge }];
    }),
  );
  return { id: experiment.circuit.id, edges: edges.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)) };
}

async function page(id: string, args: string): Promise<EdgePage> {
  const { circuit } = await server.get<{ circuit: { edges: EdgePage } }>(
    `{ circuit(id: "${id}") { edges(${args}) { ${PAGE} } } }`,
  );
  return circuit.edges;
}

describe('an experiment named by its id', () => {
  const spec = (kind: string, options: object, others: object = golden) => {
    const { model, pairs } = { ...golden, ...others };
    return { kind, model, pairs, options };
  };
  const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';
  const create = async (of: object): Promise<string> =>
    (await server.get<{ createExperiment: { id: string } }>(CREATE, { spec: of })).createExperiment.id;
  const run = async (of: object) => {
    const id = await create(of);
    expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
    const query = 'query ($id: ID!) { experiment(id: $id) { result spec } }';
    type Ran = { result: { edges: string[]; sizes: object[] }; spec: { options: object } };
    return { id, ...(await server.get<{ experiment: Ran }>(query, { id })).experiment };
  };
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  let scored: string;
  beforeAll(async () => {
    scored = (await run(spec('attribution', { kvHeads: 'expanded' }))).id;
  });

  it('gives its strongest edges to patch, and its scores to evaluate circuits by', async () => {
    const patched = await run(spec('edge-patching', { edges: { top: 5, of: { experiment: scored } } }));
    expect(patched.result.edges).toEqual(circuits['expanded']!.edges.slice(0, 5).map(({ name }) => name));
    expect(patched.spec.options).toMatchObject({ edges: { of: { experiment: scored, sha256 } } });
    const sizes = { sizes: [5], select: 'top-n' };
    const evaluated = await run(spec('circuit-evaluation', { scores: { experiment: scored }, ...sizes }));
    const byName = await run(spec('circuit-evaluation', { circuit: patched.result.edges }));
    expect(evaluated.result.sizes).toEqual(byName.result.sizes);
    expect(evaluated.spec.options).toMatchObject({ scores: { experiment: scored, sha256 } });
  });

  it('gives the circuit that it found, or the effects of ACDC as scores', async () => {
    const found = await run(spec('circuit-discovery', { method: 'acdc', tau: 0.05 }));
    const evaluated = await run(spec('circuit-evaluation', { circuit: { experiment: found.id } }));
    const { edges } = (found.result as unknown as { circuit: { edges: number } }).circuit;
    expect(evaluated.result.sizes).toMatchObject([{ edges }]);
    const by = { method: 'top-n', n: 5, dangling: 'keep', scores: { experiment: found.id } };
    expect((await run(spec('circuit-discovery', by))).result).toMatchObject({ circuit: { edges: 5 } });
  });

  it('is refused where it cannot be used, with the path', async () => {
    const refused = async (of: object, code: string, path: string, message: RegExp): Promise<void> => {
      const [error] = (await server.ask(CREATE, { spec: of })).errors!;
      expect(error).toMatchObject({ message: expect.stringMatching(message) as string, extensions: { code, path } });
    };
    const top = (experiment: string, others = {}, more = {}) =>
      spec('edge-patching', { edges: { top: 5, of: { experiment } }, ...more }, others);
    const path = 'options.edges.of';
    await refused(top('/etc'), 'EXPERIMENT_NOT_FOUND', path, /no experiment with the id "\/etc"/);
    const other = goldenCase('llama_mha', 'plain');
    await refused(top(scored, other), 'FOUND_EXPERIMENT', path, /is of another model/);
    await refused(top(scored, {}, { kvHeads: 'native' }), 'INVALID_SPEC', path, /the native graph of this model/);
    const evaluation = spec('circuit-evaluation', { circuit: { experiment: scored } });
    await refused(evaluation, 'FOUND_EXPERIMENT', 'options.circuit', /found no circuit/);
    // Clean and corrupted have one mean, so that there is no faithfulness.
    const [first] = golden.pairs as [(typeof golden.pairs)[number]];
    const turned = { ...first, clean: first.corrupted, corrupted: first.clean };
    const failed = await create(spec('circuit-evaluation', { sizes: [5] }, { pairs: [first, turned] }));
    expect(await ended(server, failed)).toMatchObject({ status: 'FAILED' });
    const unfinished = spec('circuit-discovery', { scores: { experiment: failed } });
    await refused(unfinished, 'FOUND_EXPERIMENT', 'options.scores', /has no result: it waits, runs or failed/);
  });
});

const layerOf = (node: string) => (/^[am]\d/.test(node) ? parseInt(node.slice(1), 10) : null);
const isHead = (node: string) => /^a\d+\.h/.test(node);

describe.each(['expanded', 'native'])('the %s graph', (kvHeads) => {
  const all = () => circuits[kvHeads]!.edges;
  const id = () => circuits[kvHeads]!.id;
  const names = (edges: { name: string }[]) => edges.map(({ name }) => name);

  it('has every edge, strongest first, with rank, ends and port', async () => {
    const { nodes, totalCount } = await page(id(), 'first: 1000');
    expect(totalCount).toBe(all().length);
    expect(names(nodes)).toEqual(names(all()));
    for (const [index, node] of nodes.entries()) {
      const { score, sender, receiver, port } = all()[index]!;
      expect(node).toMatchObject({
        rank: index + 1,
        score,
        port,
        sender: { name: sender },
        receiver: { name: receiver },
      });
    }
  });

  const filters: [string, (edge: Reference) => boolean][] = [
    ['ports: [Q, V]', ({ port }) => port === 'Q' || port === 'V'],
    ['sign: NEGATIVE', ({ score }) => score < 0],
    ['minAbsoluteScore: 0.001', ({ score }) => Math.abs(score) >= 0.001],
    ['sender: { kinds: [HEAD] }', ({ sender }) => isHead(sender)],
    [
      'sender: { names: ["input"] }, receiver: { kinds: [MLP] }',
      ({ sender, receiver }) => sender === 'input' && receiver.startsWith('m'),
    ],
    ['receiver: { layers: { min: 1 } }', ({ receiver }) => (layerOf(receiver) ?? 0) >= 1],
    ['receiver: { layers: { min: 1, max: 1 }, heads: [0] }', ({ receiver }) => /^a1\.(h|kv)0$/.test(receiver)],
    [
      'receiver: { names: ["a1.h0<q>", "logits"] }, sign: POSITIVE',
      ({ name, score }) => /->(a1\.h0<q>|logits)$/.test(name) && score > 0,
    ],
    ['inCircuit: true', () => false],
  ];
  it.each(filters)('lets through by { %s }', async (filter, passes) => {
    const { nodes, totalCount } = await page(id(), `first: 1000, filter: { ${filter} }`);
    const expected = all().filter(passes);
    expect(names(nodes)).toEqual(names(expected));
    expect(totalCount).toBe(expected.length);
  });

  const orders: [string, (a: Reference, b: Reference) => number][] = [
    ['ABSOLUTE_SCORE_DESC', (a, b) => Math.abs(b.score) - Math.abs(a.score)],
    ['SCORE_DESC', (a, b) => b.score - a.score],
    ['SCORE_ASC', (a, b) => a.score - b.score],
  ];
  it.each(orders)('goes through all pages by %s without a gap or a repeat', async (orderBy, compare) => {
    const seen: string[] = [];
    let after = '';
    for (let more = true; more;) {
      const { nodes, pageInfo, edges } = await page(
        id(),
        `first: 37, orderBy: ${orderBy}, filter: { sign: POSITIVE }${after}`,
      );
      expect(pageInfo.hasPreviousPage).toBe(after !== '');
      expect(edges.at(-1)!.cursor).toBe(pageInfo.endCursor);
      seen.push(...names(nodes));
      more = pageInfo.hasNextPage;
      after = `, after: "${pageInfo.endCursor}"`;
    }
    const expected = all().filter(({ score }) => score > 0);
    expect(seen).toEqual(names(expected.sort(compare)));
  });

  it('refuses a cursor of another order, and a page of no size', async () => {
    const { pageInfo } = await page(id(), 'first: 3');
    const ask = (args: string) => server.ask(`{ circuit(id: "${id()}") { edges(${args}) { totalCount } } }`);
    expect((await ask(`orderBy: SCORE_ASC, after: "${pageInfo.endCursor}"`)).errors![0]!.extensions.code).toBe(
      'INVALID_CURSOR',
    );
    expect((await ask('after: "nonsense"')).errors![0]!.extensions.code).toBe('INVALID_CURSOR');
    for (const first of [0, -1, 1001])
      expect((await ask(`first: ${first}`)).errors![0]!.extensions.code).toBe('INVALID_PAGE');
  });

  it('finds the strongest edges around a node', async () => {
    const { circuit } = await server.get<{ circuit: { neighbourhood: Reference[] } }>(
      `{ circuit(id: "${id()}") { neighbourhood(node: "m0", top: 5) { name } } }`,
    );
    const touching = all().filter(({ sender, receiver }) => sender === 'm0' || receiver === 'm0');
    expect(names(circuit.neighbourhood)).toEqual(names(touching.slice(0, 5)));
  });

  it('finds the strongest paths, as trying every path does', async () => {
    const { circuit } = await server.get<{ circuit: { paths: { strength: number; edges: Reference[] }[] } }>(
      `{ circuit(id: "${id()}") { paths(from: "input", to: "m1", top: 12) { strength edges { name } } } }`,
    );
    const expected = everyPath(all(), 'input', 'm1').map((path) =>
      Math.min(...path.map(({ score }) => Math.abs(score))),
    );
    expected.sort((a, b) => b - a);
    expect(circuit.paths.map(({ strength }) => strength)).toEqual(expected.slice(0, 12));
  });

  it('is the same after export and import in the format of EAP-IG', async () => {
    const response = await fetch(`${server.url}/export/circuits/${id()}.json`);
    const graph = (await response.json()) as { cfg: object; nodes: object; edges: Record<string, { score: number }> };
    expect(Object.keys(graph.edges).sort()).toEqual(names(all()).sort());
    const sidecar = {
      model: 'tiny',
      method: 'eap',
      metric: 'logit-difference',
      data: 'golden',
      sign: 'corrupted - clean',
    };
    const { importCircuit } = await server.get<{ importCircuit: { id: string; sidecar: object; experiment: null } }>(
      'mutation ($input: ImportCircuitInput!) { importCircuit(input: $input) { id sidecar experiment { id } } }',
      { input: { name: 'imported', graph, sidecar } },
    );
    expect(importCircuit).toMatchObject({ sidecar, experiment: null });
    const imported = await page(importCircuit.id, 'first: 1000');
    expect(imported.nodes.map(({ name, score }) => [name, score]).sort()).toEqual(
      all()
        .map(({ name, score }) => [name, score])
        .sort(),
    );
  });

  it.each(['safetensors', 'ndjson', 'csv', 'attribution-graph.json'])(
    'is the same after export and import as .%s',
    async (ending) => {
      const bytes = Buffer.from(await (await fetch(`${server.url}/export/circuits/${id()}.${ending}`)).arrayBuffer());
      const graph = ending === 'safetensors' ? bytes.toString('base64') : bytes.toString();
      const sidecar = { model: 'tiny', method: 'eap', metric: 'm', data: 'golden', sign: 'corrupted - clean' };
      const { importCircuit } = await server.get<{ importCircuit: { id: string } }>(
        'mutation ($input: ImportCircuitInput!) { importCircuit(input: $input) { id } }',
        { input: { name: ending, graph, sidecar } },
      );
      const { nodes } = await page(importCircuit.id, 'first: 1000');
      expect(nodes.map(({ name, score }) => [name, score])).toEqual(all().map(({ name, score }) => [name, score]));
    },
  );

  it("tells EAP-IG's loader the model's width, and the frontend the prompt's tokens", async () => {
    const read = async (ending: string): Promise<unknown> =>
      (await fetch(`${server.url}/export/circuits/${id()}.${ending}`)).json();
    const { cfg } = (await read('json')) as { cfg: { d_model: number } };
    const { hidden_size } = JSON.parse(await readFile(`${golden.model}/config.json`, 'utf8')) as {
      hidden_size: number;
    };
    expect(cfg.d_model).toBe(hidden_size);
    const graph = (await read('attribution-graph.json?top=7')) as {
      metadata: { prompt_tokens: string[] };
      links: object[];
    };
    expect(graph.metadata.prompt_tokens).toHaveLength(golden.lengths[0]!);
    expect(graph.links).toHaveLength(7);
  });

  it('is written as NDJSON and as CSV, a line an edge', async () => {
    const ndjson = await (await fetch(`${server.url}/export/circuits/${id()}.ndjson`)).text();
    const lines = ndjson
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Reference);
    expect(lines.map(({ name, score }) => [name, score])).toEqual(all().map(({ name, score }) => [name, score]));
    const csv = await (await fetch(`${server.url}/export/circuits/${id()}.csv`)).text();
    const [header, ...rows] = csv
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(rows.map((row) => row[header!.indexOf('name')])).toEqual(names(all()));
    expect(rows.map((row) => Number(row[header!.indexOf('score')]))).toEqual(all().map(({ score }) => score));
  });
});

/** Every way from one node to another; a key/value head's input belongs to the query heads of its group. */
function everyPath(edges: Reference[], from: string, to: string): Reference[][] {
  const group = golden.json.n_heads / golden.json.n_kv_heads;
  const reads = (edge: Reference, node: string): boolean => {
    const [, layer, kv] = /^a(\d+)\.kv(\d+)$/.exec(edge.receiver) ?? [];
    if (kv === undefined) return edge.receiver === node;
    return Array.from({ length: group }, (_, member) => `a${layer}.h${Number(kv) * group + member}`).includes(node);
  };
  const into = edges.filter((edge) => reads(edge, to));
  return into.flatMap((edge) =>
    edge.sender === from ? [[edge]] : everyPath(edges, from, edge.sender).map((path) => [...path, edge]),
  );
}

it('compares two circuits as sets and ranks do', async () => {
  const [a, b] = [circuits['expanded']!, circuits['native']!];
  const { compareCircuits } = await server.get<{ compareCircuits: Comparison }>(
    `{ compareCircuits(a: "${a.id}", b: "${b.id}", top: 40) {
      jaccard rankCorrelation commonEdgeCount shared { name a { score } b { score } } onlyInA { name } onlyInB { name } } }`,
  );
  const top = (edges: Reference[]) => edges.slice(0, 40).map(({ name }) => name);
  const shared = top(a.edges).filter((name) => top(b.edges).includes(name));
  expect(compareCircuits.shared.map(({ name }) => name)).toEqual(shared);
  expect(compareCircuits.jaccard).toBeCloseTo(shared.length / (80 - shared.length), 12);
  expect(compareCircuits.onlyInA.map(({ name }) => name)).toEqual(
    top(a.edges).filter((name) => !shared.includes(name)),
  );
  expect(compareCircuits.onlyInB.map(({ name }) => name)).toEqual(
    top(b.edges).filter((name) => !shared.includes(name)),
  );
  const inB = new Map(b.edges.map(({ name, score }) => [name, score]));
  const common = a.edges.filter(({ name }) => inB.has(name));
  expect(compareCircuits.commonEdgeCount).toBe(common.length);
  const rankCorrelation = spearman(
    common.map(({ score }) => score),
    common.map(({ name }) => inB.get(name)!),
  );
  expect(compareCircuits.rankCorrelation).toBeCloseTo(rankCorrelation, 9);
});

it('refuses a file that is not a graph, naming the place', async () => {
  const sidecar = { model: 'm', method: 'm', metric: 'm', data: 'd', sign: 's' };
  const cfg = { n_layers: 1, n_heads: 1 };
  const ask = (graph: object) =>
    server.ask('mutation ($input: ImportCircuitInput!) { importCircuit(input: $input) { id } }', {
      input: { name: 'x', graph, sidecar },
    });
  const unknown = await ask({ cfg, nodes: {}, edges: { 'input->a7.h0<q>': { score: 1 } } });
  expect(unknown.errors![0]!.extensions).toEqual({ code: 'INVALID_GRAPH', path: 'graph.edges.input->a7.h0<q>' });
  const unscored = await ask({ cfg, nodes: {}, edges: { 'input->m0': { in_graph: true } } });
  expect(unscored.errors![0]!.extensions).toEqual({ code: 'INVALID_GRAPH', path: 'graph.edges.input->m0.score' });
  expect((await ask({ edges: {} })).errors![0]!.extensions).toEqual({ code: 'INVALID_GRAPH', path: 'graph.cfg' });
});

it('shows the interval of each edge, where a bootstrap was asked for', async () => {
  const { id } = await attribution('native', { bootstrap: 20 });
  interface Bounds {
    circuit: { edges: { nodes: { score: number; interval: { low: number; high: number } | null }[] } };
  }
  const nodesOf = async (circuit: string) =>
    (await server.get<Bounds>(`{ circuit(id: "${circuit}") { edges { nodes { score interval { low high } } } } }`))
      .circuit.edges.nodes;
  const nodes = await nodesOf(id);
  for (const { interval } of nodes) expect(interval!.low).toBeLessThanOrEqual(interval!.high);
  expect(nodes.some(({ interval }) => interval!.low < interval!.high)).toBe(true);
  expect((await nodesOf(circuits['native']!.id)).every(({ interval }) => interval === null)).toBe(true);
});

interface Comparison {
  jaccard: number;
  rankCorrelation: number;
  commonEdgeCount: number;
  shared: { name: string }[];
  onlyInA: { name: string }[];
  onlyInB: { name: string }[];
}

/** Spearman's correlation written out: mean ranks by counting, then Pearson's. */
function spearman(x: number[], y: number[]): number {
  const ranks = (values: number[]) =>
    values.map(
      (value) => values.filter((other) => other < value).length + values.filter((other) => other === value).length / 2,
    );
  const [a, b] = [ranks(x), ranks(y)];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = (values: number[]) => values.map((value) => value - mean(values));
  const dot = (p: number[], q: number[]) => p.reduce((sum, value, index) => sum + value * q[index]!, 0);
  const [da, db] = [centred(a), centred(b)];
  return dot(da, db) / Math.sqrt(dot(da, da) * dot(db, db));
}
