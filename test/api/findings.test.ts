/**
 * What experiments found, over GraphQL, against their downloaded arrays: the exact check and the bootstrap of an attribution,
 * edge patching, a head scan, circuits found and evaluated. Everything expected is computed here from the arrays.
 */
import { decodeSafetensors, type NamedArray, type ResultJson } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { ended, startServer, temporaryFolder, type TestServer } from './server.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');

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

interface Finished<Fields> {
  id: string;
  fields: Fields;
  result: ResultJson;
  arrays: Record<string, NamedArray>;
}

/** Runs a spec on the golden pairs, and asks for fields of the experiment. */
async function finish<Fields>(spec: object, query: string): Promise<Finished<Fields>> {
  const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(
    'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }',
    { spec: { model: golden.model, pairs: golden.pairs, ...spec } },
  );
  const { id } = createExperiment;
  expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
  const { experiment } = await server.get<{ experiment: Fields & { result: ResultJson } }>(
    `query ($id: ID!) { experiment(id: $id) { result ${query} } }`,
    { id },
  );
  const response = await fetch(`${server.url}/export/experiments/${id}.safetensors`);
  const arrays = decodeSafetensors(new Uint8Array(await response.arrayBuffer())) as Record<string, NamedArray>;
  return { id, fields: experiment, result: experiment.result, arrays };
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
const meanOf = ({ arrays }: Finished<unknown>, name: string): number => mean(arrays[name]!.values);

/** Pearson's correlation, written out. */
function pearson(x: number[], y: number[]): number {
  const centred = (values: number[]) => values.map((value) => value - mean(values));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const [a, b] = [centred(x), centred(y)];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Indices of a list by what is given of each, smallest first; ties as they stand. */
const orderBy = (values: ArrayLike<number>, of: (value: number) => number): number[] =>
  [...Array(values.length).keys()].sort((a, b) => of(values[a]!) - of(values[b]!) || a - b);

describe('an attribution that was checked and resampled', () => {
  interface Fields {
    exactCheck: {
      all: { pearson: number; signs: number };
      top: { signs: number };
      edges: { name: string; score: number; exact: number; isTop: boolean }[];
    };
    bootstrap: { resamples: number; units: number; stability: number; top: { name: string; frequency: number }[] };
  }
  const query =
    'exactCheck { all { pearson signs } top { signs } edges { name score exact isTop } } bootstrap { resamples units stability top { name frequency } }';
  const spec = { kind: 'attribution', options: { kvHeads: 'native', checkExact: 5, bootstrap: 20, bootstrapTop: 10 } };
  let finished: Finished<Fields>;
  beforeAll(async () => {
    finished = await finish<Fields>(spec, query);
  });

  it('gives the scores and exact effects of the strongest edges and of others', async () => {
    const { edges, all, top } = finished.fields.exactCheck;
    expect(edges.map(({ isTop }) => isTop)).toEqual([
      ...Array<boolean>(5).fill(true),
      ...Array<boolean>(5).fill(false),
    ]);
    const named = edges.map(({ name }) => name);
    const exact = await finish<unknown>({ kind: 'edge-patching', options: { edges: named, kvHeads: 'native' } }, 'id');
    for (const [i, edge] of edges.entries()) expect(edge.exact).toBeCloseTo(exact.arrays['effects']!.values[i]!, 5);
    const sameSign = (list: typeof edges) =>
      list.filter(({ score, exact: effect }) => Math.sign(score) === Math.sign(effect)).length / list.length;
    expect(all.signs).toBeCloseTo(sameSign(edges), 9);
    expect(top.signs).toBeCloseTo(sameSign(edges.slice(0, 5)), 9);
    const r = pearson(
      edges.map(({ score }) => score),
      edges.map(({ exact: effect }) => effect),
    );
    expect(all.pearson).toBeCloseTo(r, 6);
  });

  it('tells how sure the strongest edges are', () => {
    const { resamples, units, stability, top } = finished.fields.bootstrap;
    expect({ resamples, units }).toEqual({ resamples: 20, units: golden.pairs.length });
    expect(stability).toBeGreaterThan(0);
    expect(stability).toBeLessThanOrEqual(1);
    const { senders, receivers } = finished.result as { senders: string[]; receivers: string[] };
    const scores = finished.arrays['scores']!.values;
    const strongest = orderBy(scores, (value) => -Math.abs(value)).slice(0, 10);
    const nameOf = (cell: number) =>
      `${senders[Math.floor(cell / receivers.length)]}->${receivers[cell % receivers.length]}`;
    expect(top.map(({ name }) => name)).toEqual(strongest.map(nameOf));
  });

  it('is null for what was not asked for, and for other kinds', async () => {
    const { fields } = await finish<object>(
      { kind: 'attribution', options: { kvHeads: 'native' } },
      'exactCheck { edges { name } } bootstrap { units } headScan { position } faithfulnessCurve { cpr } discoveredCircuit { method } edgeEffects { totalCount }',
    );
    const none = { exactCheck: null, bootstrap: null, headScan: null };
    expect(fields).toMatchObject({ ...none, faithfulnessCurve: null, discoveredCircuit: null, edgeEffects: null });
  });
});

describe('an edge patching', () => {
  interface Page {
    edgeEffects: {
      totalCount: number;
      nodes: { name: string; effect: number; rank: number; port: string; sender: { kind: string } }[];
      pageInfo: { endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean };
    };
  }
  const fields = (args: string) =>
    `edgeEffects(${args}) { totalCount nodes { name effect rank port sender { kind } } pageInfo { endCursor hasNextPage hasPreviousPage } }`;
  let finished: Finished<Page>;
  const page = async (args: string) =>
    (await server.get<{ experiment: Page }>(`{ experiment(id: "${finished.id}") { ${fields(args)} } }`)).experiment
      .edgeEffects;
  beforeAll(async () => {
    const spec = { kind: 'edge-patching', options: { edges: 'all', kvHeads: 'native' } };
    finished = await finish<Page>(spec, fields('first: 1000'));
  });

  const orders: [string, (effect: number) => number][] = [
    ['ABSOLUTE_EFFECT_DESC', (effect) => -Math.abs(effect)],
    ['EFFECT_DESC', (effect) => -effect],
    ['EFFECT_ASC', (effect) => effect],
    ['SPEC', () => 0],
  ];
  it.each(orders)('gives every edge once by %s, over all pages', async (order, of) => {
    const names = finished.result.edges as string[];
    const { values } = finished.arrays['effects']!;
    const expected = orderBy(values, of).map((at) => ({ name: names[at], effect: values[at] }));
    const strength = orderBy(values, (effect) => -Math.abs(effect));
    const seen: Page['edgeEffects']['nodes'] = [];
    for (let after = '', more = true; more;) {
      const { nodes, pageInfo, totalCount } = await page(`first: 150, orderBy: ${order}${after}`);
      expect({ totalCount, back: pageInfo.hasPreviousPage }).toEqual({ totalCount: names.length, back: after !== '' });
      seen.push(...nodes);
      more = pageInfo.hasNextPage;
      after = `, after: "${pageInfo.endCursor}"`;
    }
    expect(seen.map(({ name, effect }) => ({ name, effect }))).toEqual(expected);
    for (const { name, rank } of seen) expect(names[strength[rank - 1]!]).toBe(name);
  });

  it('names the ends and the port', () => {
    const { nodes } = finished.fields.edgeEffects;
    expect(nodes.find(({ name }) => name === 'm0->a1.h2<q>')).toMatchObject({ port: 'Q', sender: { kind: 'MLP' } });
    expect(nodes.find(({ name }) => name === 'input->m0')).toMatchObject({ port: 'IN', sender: { kind: 'INPUT' } });
  });

  it('refuses a cursor of another order, and a page of no size', async () => {
    const { pageInfo } = await page('first: 3');
    const codeOf = async (args: string) =>
      (await server.ask(`{ experiment(id: "${finished.id}") { ${fields(args)} } }`)).errors![0]!.extensions.code;
    expect(await codeOf(`orderBy: SPEC, after: "${pageInfo.endCursor}"`)).toBe('INVALID_CURSOR');
    expect(await codeOf('first: 1001')).toBe('INVALID_PAGE');
  });
});

it('gives the scores of a head scan, the chosen heads and what they do together', async () => {
  interface Fields {
    headScan: {
      scores: number[][];
      one: number[][];
      baselineClean: number;
      heads: { name: string; layer: number; head: number; score: number }[];
      validation: {
        none: string | null;
        patch: { score: number; random: number[]; singles: number };
        ablate: { zero: { score: number; metric: number } };
        steer: { induce: { coefficient: number }[] } | null;
      };
    };
  }
  const finished = await finish<Fields>(
    { kind: 'head-scan', options: { top: 3, validate: ['patch', 'ablate'] } },
    `headScan { scores one: scores(pair: 1) baselineClean heads { name layer head score } validation {
      none patch { score random singles } ablate { zero { score metric } } steer { induce { coefficient } } } }`,
  );
  const { headScan } = finished.fields;
  const [layers, heads] = finished.arrays['head_scores']!.shape as [number, number];
  const scores = finished.arrays['head_scores']!.values;
  const pairs = golden.pairs.length;
  for (let layer = 0; layer < layers; layer++)
    for (let head = 0; head < heads; head++) {
      const at = layer * heads + head;
      expect(headScan.scores[layer]![head]).toBeCloseTo(scores[at]!, 6);
      expect(headScan.one[layer]![head]).toBe(finished.arrays['head_scores.pair']!.values[at * pairs + 1]);
    }
  expect(headScan.baselineClean).toBeCloseTo(meanOf(finished, 'baseline.clean'), 9);
  const strongest = orderBy(scores, (score) => -score).slice(0, 3);
  expect(headScan.heads.map(({ name }) => name)).toEqual(
    strongest.map((at) => `a${Math.floor(at / heads)}.h${at % heads}`),
  );
  const { patch, ablate, steer, none } = headScan.validation;
  expect(patch.singles).toBeCloseTo(
    strongest.reduce((sum, at) => sum + scores[at]!, 0),
    6,
  );
  const [clean, corrupted] = [meanOf(finished, 'baseline.clean'), meanOf(finished, 'baseline.corrupted')];
  const { metric, score } = ablate.zero;
  expect(score).toBeCloseTo((metric - clean) / (corrupted - clean), 6);
  expect({ none, steer }).toEqual({ none: null, steer: null });
});

describe.each([
  ['greedy', { method: 'greedy', n: 40 }, 'scores'],
  ['ACDC', { method: 'acdc', tau: 0.05, kvHeads: 'native' }, 'effects'],
] as const)('a circuit found by %s', (_, options, scored) => {
  interface Fields {
    discoveredCircuit: Record<string, number | string | null>;
    circuit: { id: string; inCircuitCount: number; edgeCount: number };
  }
  let finished: Finished<Fields>;
  beforeAll(async () => {
    finished = await finish<Fields>(
      { kind: 'circuit-discovery', options },
      'discoveredCircuit { method ablation edgeCount graphEdgeCount nodeCount faithfulness metric baselineClean baselineAblated tested passes } circuit { id inCircuitCount edgeCount }',
    );
  });

  it('has its numbers', () => {
    const { discoveredCircuit: found, circuit } = finished.fields;
    const count = finished.arrays['in_circuit']!.values.reduce((sum, value) => sum + value, 0);
    expect(found).toMatchObject({ method: options.method, ablation: 'corrupted', edgeCount: count });
    expect(circuit).toMatchObject({ inCircuitCount: count, edgeCount: found['graphEdgeCount'] });
    const [metric, clean, ablated] = ['circuit.metric', 'baseline.clean', 'baseline.ablated'].map((name) =>
      meanOf(finished, name),
    ) as [number, number, number];
    expect(found['metric']).toBeCloseTo(metric, 6);
    expect(found['faithfulness']).toBeCloseTo((metric - ablated) / (clean - ablated), 6);
    expect(found['tested'] === null).toBe(scored === 'scores');
  });

  it('is the edges that the filter lets through, with their scores', async () => {
    const { circuit } = await server.get<{
      circuit: { edges: { nodes: { name: string; score: number; inCircuit: boolean }[] } };
    }>(
      `{ circuit(id: "${finished.fields.circuit.id}") { edges(first: 1000, filter: { inCircuit: true }) { nodes { name score inCircuit } } } }`,
    );
    const { senders, receivers } = finished.result as { senders: string[]; receivers: string[] };
    const expected = new Map(
      senders.flatMap((sender, row) =>
        receivers.flatMap((receiver, column): [string, number][] => {
          const cell = row * receivers.length + column;
          const score = finished.arrays[scored]!.values[cell]!;
          return finished.arrays['in_circuit']!.values[cell] === 0 ? [] : [[`${sender}->${receiver}`, score || 0]];
        }),
      ),
    );
    expect(circuit.edges.nodes.every(({ inCircuit }) => inCircuit)).toBe(true);
    expect(new Map(circuit.edges.nodes.map(({ name, score }) => [name, score]))).toEqual(expected);
  });
});

it('compares circuits by the edges in them', async () => {
  const found = await Promise.all(
    [20, 60].map((n) =>
      finish<{ circuit: { id: string; edges: { nodes: { name: string }[] } } }>(
        { kind: 'circuit-discovery', options: { n } },
        'circuit { id edges(first: 1000, filter: { inCircuit: true }) { nodes { name } } }',
      ),
    ),
  );
  const [few, many] = found.map(({ fields }) => fields.circuit) as [Circuit, Circuit];
  type Circuit = (typeof found)[number]['fields']['circuit'];
  const namesOf = (circuit: Circuit) => circuit.edges.nodes.map(({ name }) => name);
  const { compareCircuits } = await server.get<{
    compareCircuits: { jaccard: number; shared: { name: string }[]; onlyInB: { name: string }[] };
  }>(`{ compareCircuits(a: "${few.id}", b: "${many.id}") { jaccard shared { name } onlyInB { name } } }`);
  const [a, b] = [new Set(namesOf(few)), new Set(namesOf(many))];
  expect(compareCircuits.shared.map(({ name }) => name)).toEqual(namesOf(few).filter((name) => b.has(name)));
  expect(compareCircuits.onlyInB.map(({ name }) => name)).toEqual(namesOf(many).filter((name) => !a.has(name)));
  expect(compareCircuits.jaccard).toBeCloseTo(a.intersection(b).size / a.union(b).size, 12);
});

it('gives the curve of an evaluation', async () => {
  interface Fields {
    faithfulnessCurve: {
      edgeCount: number;
      ablation: string;
      cpr: number | null;
      cmd: number | null;
      points: { edges: number; share: number; metric: number; faithfulness: number; completeness: number | null }[];
    };
    circuit: null;
  }
  const finished = await finish<Fields>(
    { kind: 'circuit-evaluation', options: { sizes: [5, 50, 200], ablation: 'zero', completeness: true } },
    'circuit { id } faithfulnessCurve { edgeCount ablation cpr cmd points { edges share metric faithfulness completeness } }',
  );
  const { points, edgeCount, ablation, cpr, cmd } = finished.fields.faithfulnessCurve;
  expect({ ablation, circuit: finished.fields.circuit }).toEqual({ ablation: 'zero', circuit: null });
  expect({ edgeCount, cpr, cmd }).toEqual({
    edgeCount: finished.result.edges,
    cpr: finished.result.cpr ?? null,
    cmd: finished.result.cmd ?? null,
  });
  const [clean, ablated] = [meanOf(finished, 'baseline.clean'), meanOf(finished, 'baseline.ablated')];
  const { values } = finished.arrays['metric']!;
  const pairs = golden.pairs.length;
  expect(points.map(({ edges }) => edges)).toEqual([5, 50, 200]);
  for (const [i, { edges, share, metric, faithfulness, completeness }] of points.entries()) {
    const own = mean(values.subarray(i * pairs, (i + 1) * pairs));
    expect(share).toBeCloseTo(edges / edgeCount, 9);
    expect(metric).toBeCloseTo(own, 6);
    expect(faithfulness).toBeCloseTo((own - ablated) / (clean - ablated), 5);
    expect(completeness).toBeCloseTo(finished.arrays['completeness']!.values[i]!, 6);
  }
});
