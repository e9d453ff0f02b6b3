/** A circuit as large as a 7B model's, with equal scores among them, over HTTP: right, and measured. */
import { createCircuit, openDatabase } from '@demur/db';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, temporaryFolder, type TestServer } from './server.ts';

interface Matrices {
  senders: string[];
  receivers: string[];
  scores: Float32Array;
  mask: Float32Array;
}

/** The graph of a Llama of this shape with random scores, some of them equal; 1,592,881 edges for 32 layers of 32 heads. */
function randomMatrices(layers: number, heads: number, seed: number): Matrices {
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  const headNames = (layer: number) => range(heads).map((head) => `a${layer}.h${head}`);
  const senders = ['input', ...range(layers).flatMap((layer) => [...headNames(layer), `m${layer}`])];
  const ports = (layer: number) =>
    ['q', 'k', 'v'].flatMap((port) => headNames(layer).map((head) => `${head}<${port}>`));
  const receivers = [...range(layers).flatMap((layer) => [...ports(layer), `m${layer}`]), 'logits'];
  const stage = (name: string, after: number) => {
    if (name === 'input') return -1;
    return name === 'logits' ? Infinity : 2 * parseInt(name.slice(1), 10) + (name.startsWith('m') ? 1 : 0) + after;
  };
  const random = mulberry32(seed);
  const scores = new Float32Array(senders.length * receivers.length);
  const mask = new Float32Array(scores.length);
  const receiverStages = receivers.map((name) => stage(name, 0));
  for (const [row, sender] of senders.entries())
    for (const [column, receiverStage] of receiverStages.entries()) {
      const cell = row * receivers.length + column;
      mask[cell] = stage(sender, 0) < receiverStage ? 1 : 0;
      scores[cell] = Math.round((random() - 0.5) ** 3 * 1e4) / 1e4;
    }
  return { senders, receivers, scores, mask };
}

/** A small generator of random numbers in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
const circuits: { id: string; matrices: Matrices }[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  const database = await openDatabase({ dataDir: folder.path });
  for (const seed of [1, 2]) {
    const matrices = randomMatrices(32, 32, seed);
    const { id } = await createCircuit(database, { name: `random ${seed}`, ...matrices });
    circuits.push({ id, matrices });
  }
  await database.close();
  server = await startServer({ DEMUR_DATA: folder.path });
});
afterAll(async () => {
  await server?.stop();
  await folder.remove();
});

/** Names of the edges that pass, by a comparison sort of the whole matrix. */
function bruteForce(
  compare: (a: number, b: number) => number,
  passes: (sender: string, receiver: string, score: number) => boolean,
) {
  const { senders, receivers, scores, mask } = circuits[0]!.matrices;
  const ends = (cell: number) =>
    [senders[Math.floor(cell / receivers.length)]!, receivers[cell % receivers.length]!] as const;
  const cells = Array.from(scores.keys()).filter((cell) => mask[cell] !== 0 && passes(...ends(cell), scores[cell]!));
  cells.sort((a, b) => compare(scores[a]!, scores[b]!) || a - b);
  return { totalCount: cells.length, names: cells.slice(0, 2000).map((cell) => ends(cell).join('->')) };
}

it('answers right, and in milliseconds', async () => {
  const lines: string[] = [];
  const timed = async <Data>(what: string, query: string): Promise<Data> => {
    const start = performance.now();
    const data = await server.get<Data>(query);
    lines.push(`${what.padEnd(48)} ${(performance.now() - start).toFixed(1).padStart(8)} ms`);
    return data;
  };
  const edges = async (what: string, args: string) => {
    const query = `{ circuit(id: "${circuits[0]!.id}") { edges(${args}) { nodes { name } pageInfo { endCursor } totalCount } } }`;
    const { circuit } = await timed<{ circuit: { edges: Page } }>(what, query);
    const { nodes, pageInfo, totalCount } = circuit.edges;
    return { names: nodes.map(({ name }) => name), after: `, after: "${pageInfo.endCursor}"`, totalCount };
  };
  const strongest = bruteForce(
    (a, b) => Math.abs(b) - Math.abs(a),
    () => true,
  );
  expect(strongest.totalCount).toBe(1_592_881);

  await edges('first 100, read from the database', 'first: 100');
  const top = await edges('top 1000', 'first: 1000');
  expect(top).toMatchObject({ totalCount: strongest.totalCount, names: strongest.names.slice(0, 1000) });
  const next = await edges('next 1000', `first: 1000${top.after}`);
  expect(next.names).toEqual(strongest.names.slice(1000));

  const few =
    'filter: { receiver: { kinds: [HEAD], layers: { min: 10, max: 12 }, heads: [3] }, minAbsoluteScore: 0.05 }';
  const fewExpected = bruteForce(
    (a, b) => Math.abs(b) - Math.abs(a),
    (_, to, score) => /^a1[012]\.h3</.test(to) && Math.abs(score) >= 0.05,
  );
  expect(await edges('filter by layers, head, kind and score', `first: 1000, ${few}`)).toMatchObject({
    totalCount: fewExpected.totalCount,
    names: fewExpected.names.slice(0, 1000),
  });
  const many = 'first: 1000, filter: { sign: POSITIVE, ports: [Q] }, orderBy: SCORE_ASC';
  const manyExpected = bruteForce(
    (a, b) => a - b,
    (_, to, score) => to.endsWith('<q>') && score > 0,
  );
  const weakest = await edges('filter by port and sign, order included', many);
  expect(weakest).toMatchObject({ totalCount: manyExpected.totalCount, names: manyExpected.names.slice(0, 1000) });
  const second = await edges('its second page', many + weakest.after);
  expect(second.names).toEqual(manyExpected.names.slice(1000));

  const within = (field: string) => `{ circuit(id: "${circuits[0]!.id}") { ${field} } }`;
  await timed('neighbourhood of depth 3', within('neighbourhood(node: "a15.h7", depth: 3, top: 200) { name }'));
  await timed('20 paths from input to logits', within('paths(from: "input", to: "logits") { strength }'));
  const [a, b] = circuits.map(({ id }) => id);
  await timed(
    'comparison with another, which is read',
    `{ compareCircuits(a: "${a}", b: "${b}") { jaccard rankCorrelation } }`,
  );
  console.log(`1,592,881 edges over HTTP:\n${lines.join('\n')}`);
});

interface Page {
  nodes: { name: string }[];
  pageInfo: { endCursor: string };
  totalCount: number;
}
