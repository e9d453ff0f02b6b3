/** Circuits through every format and back, on a reference's scores, and files that are no circuits. */
import {
  circuitFormats,
  CircuitConversionError,
  CircuitFormatError,
  convertKvHeads,
  mibSubmission,
  readCircuit,
  readGraph,
  readText,
  strongestFirst,
  type CircuitFormat,
  type ScoredCircuit,
} from '@demur/interp';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { emptyCircuit } from '../../libs/interp/src/formats/scored-circuit.ts';
import { goldenCase } from '../golden/golden-case.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');
const record = {
  model: 'tiny',
  method: 'eap',
  metric: 'logit-difference',
  sign: 'corrupted - clean',
  tokens: ['a', ' b'],
};

/** The reference's EAP scores on its expanded graph, the forty strongest edges chosen. */
function reference(): ScoredCircuit {
  const { n_layers, n_heads, n_kv_heads } = golden.json;
  const shape = { nLayers: n_layers, nHeads: n_heads, kvHeads: 'expanded' as const, nKvHeads: n_kv_heads };
  const circuit = emptyCircuit({ ...shape, parallel: false, dModel: 16 }, record);
  const scores = golden.arrays['eap']!.values;
  for (const cell of scores.keys()) if (circuit.mask[cell] !== 0) circuit.scores[cell] = scores[cell]!;
  circuit.inCircuit = new Float32Array(scores.length);
  for (const cell of strongestFirst(circuit).subarray(0, 40)) circuit.inCircuit[cell] = 1;
  circuit.nodeScores = Float32Array.from(circuit.senders, (_, row) => (row === 1 ? NaN : row / 3));
  return circuit;
}

/** Whole files. */
async function written(format: CircuitFormat, circuit: ScoredCircuit): Promise<Uint8Array> {
  return Buffer.concat([...(await format.write(circuit))].map((piece) => Buffer.from(piece)));
}

async function text(format: CircuitFormat, circuit: ScoredCircuit): Promise<string> {
  return Buffer.from(await written(format, circuit)).toString();
}

const readable = ['eap-ig', 'safetensors', 'attribution-graph', 'ndjson', 'csv'] as const;

describe.each(readable)('%s', (name) => {
  const format: CircuitFormat = circuitFormats[name];

  it.each(['expanded', 'native'] as const)('gives back scores and circuit of the %s graph', async (kvHeads) => {
    const { circuit } = convertKvHeads(reference(), kvHeads);
    const read = readCircuit(await written(format, circuit));
    expect(read.senders).toEqual(circuit.senders);
    expect(read.receivers).toEqual(circuit.receivers);
    expect(read.scores).toEqual(circuit.scores);
    expect(read.inCircuit).toEqual(circuit.inCircuit);
    expect(read.shape.kvHeads).toBe(kvHeads);
    expect(read.record).toEqual(format.keepsRecord ? record : {});
  });

  it('gives back a parallel model, and that no circuit was chosen', async () => {
    const circuit = emptyCircuit({ ...reference().shape, parallel: true });
    circuit.scores.set(circuit.mask as Float32Array);
    const read = readCircuit(await written(format, circuit));
    expect(read.shape.parallel).toBe(true);
    expect(read.scores).toEqual(circuit.scores);
    expect(read.inCircuit).toBeNull();
  });
});

it('reads lines of NDJSON whatever the order of their fields', async () => {
  const lines = (await text(circuitFormats.ndjson, reference())).trim().split('\n');
  const turned = lines.map((line) =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())),
  );
  expect(readText(turned.join('\n')).scores).toEqual(reference().scores);
});

it.each(['eap-ig', 'safetensors'] as const)('%s keeps the scores of nodes', async (name) => {
  expect(readCircuit(await written(circuitFormats[name], reference())).nodeScores).toEqual(reference().nodeScores);
});

it("writes EAP-IG's graph as the package does: fields, names and order", async () => {
  const shape = { nLayers: 2, nHeads: 2, kvHeads: 'expanded' as const, nKvHeads: null, parallel: false, dModel: 8 };
  const document = JSON.parse(await text(circuitFormats['eap-ig'], emptyCircuit(shape))) as EapIgDocument;
  expect(Object.keys(document)).toEqual(['cfg', 'nodes', 'edges', 'metadata']);
  expect(Object.entries(document.cfg)).toEqual([
    ['n_layers', 2],
    ['n_heads', 2],
    ['parallel_attn_mlp', false],
    ['d_model', 8],
  ]);
  expect(Object.keys(document.nodes)).toEqual(['input', 'a0.h0', 'a0.h1', 'm0', 'a1.h0', 'a1.h1', 'm1', 'logits']);
  // Graph.from_model: sender by sender into the heads of a layer, head by head q, k, v; then into its MLP; then logits.
  const heads = (layer: number) =>
    [0, 1].flatMap((head) => ['q', 'k', 'v'].map((port) => `a${layer}.h${head}<${port}>`));
  const [first, second] = [['input'], ['input', 'a0.h0', 'a0.h1', 'm0']];
  const into = (senders: string[], receivers: string[]) =>
    senders.flatMap((from) => receivers.map((to) => `${from}->${to}`));
  expect(Object.keys(document.edges)).toEqual([
    ...into(first, heads(0)),
    ...into([...first, 'a0.h0', 'a0.h1'], ['m0']),
    ...into(second, heads(1)),
    ...into([...second, 'a1.h0', 'a1.h1'], ['m1']),
    ...into([...second, 'a1.h0', 'a1.h1', 'm1'], ['logits']),
  ]);
  expect(document.nodes['logits']).toEqual({ in_graph: true });
});

it('says of nodes in EAP-IG that they are in the graph where one of their edges is', async () => {
  const document = JSON.parse(await text(circuitFormats['eap-ig'], reference())) as EapIgDocument;
  const kept = Object.keys(document.edges).filter((name) => document.edges[name]!.in_graph);
  expect(kept).toHaveLength(40);
  for (const [node, { in_graph }] of Object.entries(document.nodes)) {
    const touches = kept.some((edge) => edge.split('->').some((end) => end.split('<')[0] === node));
    expect(in_graph).toBe(touches || node === 'logits');
  }
});

it("lays the .pt's tensors out as the package does", async () => {
  const bytes = Buffer.from(await written(circuitFormats.safetensors, reference()));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()))) as Record<string, Entry>;
  const { senders, receivers } = reference();
  expect(header['edges_scores']).toMatchObject({ dtype: 'F32', shape: [senders.length, receivers.length] });
  expect(header['edges_in_graph']).toMatchObject({ dtype: 'BOOL', shape: [senders.length, receivers.length] });
  expect(header['nodes_in_graph']).toMatchObject({ dtype: 'BOOL', shape: [senders.length] });
  expect(header['nodes_scores']).toMatchObject({ dtype: 'F32', shape: [senders.length] });
  const metadata = header['__metadata__'] as unknown as Record<string, string>;
  expect(JSON.parse(metadata['src_nodes']!)).toEqual(golden.json.senders);
  expect(JSON.parse(metadata['dst_nodes']!)).toEqual(golden.json.receivers);
});

describe('an attribution graph', () => {
  it('has the fields that schema 1.0.0 requires, with their types, and ids that links can tell apart', async () => {
    const { circuit } = convertKvHeads(reference(), 'native');
    const graph = JSON.parse(await text(circuitFormats['attribution-graph'], circuit)) as AttributionGraph;
    expect(Object.keys(graph)).toEqual(['metadata', 'qParams', 'nodes', 'links']);
    expect(graph.metadata).toMatchObject({ prompt_tokens: ['a', ' b'], prompt: 'a b', scan: 'tiny' });
    for (const name of [graph.metadata.slug, graph.metadata.scan]) expect(name).toMatch(/^[A-Za-z0-9_.-]+$/);
    for (const node of graph.nodes) {
      for (const field of ['node_id', 'feature_type', 'jsNodeId', 'clerp'] as const)
        expect(node[field]).toBeTypeOf('string');
      expect(node.feature === null || Number.isInteger(node.feature)).toBe(true);
      expect(['string', 'number']).toContain(typeof node.layer);
      expect(node.ctx_idx).toBe(1);
    }
    const ids = new Set(graph.nodes.map(({ node_id }) => node_id));
    expect(ids.size).toBe(graph.nodes.length);
    for (const { source, target, weight } of graph.links) {
      expect([ids.has(source), ids.has(target)]).toEqual([true, true]);
      expect(weight).toBeTypeOf('number');
    }
  });

  it('keeps positions apart where scores are, and sums them', async () => {
    const circuit = { ...reference(), inCircuit: null, nodeScores: null };
    const share = (part: number) => circuit.scores.map((score) => score * part);
    circuit.byPosition = [share(0.25), share(0), share(0.75)];
    const file = await written(circuitFormats['attribution-graph'], circuit);
    const graph = JSON.parse(Buffer.from(file).toString()) as AttributionGraph;
    expect(new Set(graph.nodes.map(({ ctx_idx }) => ctx_idx))).toEqual(new Set([0, 1, 2]));
    const read = readCircuit(file);
    expect(read.byPosition).toEqual(circuit.byPosition.map((scores) => scores.map((score) => score + 0)));
    for (const [cell, score] of read.scores.entries()) expect(score).toBeCloseTo(circuit.scores[cell]!, 6);
  });

  it('takes the strongest edges alone where so asked', async () => {
    const pieces = circuitFormats['attribution-graph'].write(reference(), { top: 5 });
    const graph = JSON.parse([...pieces].join('')) as AttributionGraph;
    const scores = reference().scores.map(Math.abs).sort().reverse();
    expect(graph.links.map(({ weight }) => Math.abs(weight))).toEqual([...scores.subarray(0, 5)]);
  });

  it('of a million positions is refused before it fills the memory', () => {
    const circuit = { ...reference(), inCircuit: null, nodeScores: null };
    const graph = JSON.parse([...circuitFormats['attribution-graph'].write(circuit)].join('')) as AttributionGraph;
    const far = { ...graph.nodes[0]!, node_id: 'E_0_999999', ctx_idx: 999_999 };
    expect(() => readGraph({ ...graph, nodes: [...graph.nodes, far] })).toThrow('1000000 positions');
  });

  it('of features, or with an id of two nodes, is refused by name', () => {
    const node = { feature: 1, layer: '0', ctx_idx: 3, jsNodeId: '', clerp: '' };
    const graph = (types: string[], id: string) => ({
      metadata: {
        slug: 's',
        scan: 's',
        prompt_tokens: [],
        prompt: '',
        generation_settings: { n_layers: 1, n_heads: 8 },
      },
      qParams: {},
      nodes: types.map((feature_type) => ({ ...node, node_id: id, feature_type })),
      links: [],
    });
    expect(() => readGraph(graph(['cross layer transcoder', 'mlp reconstruction error'], '0_7_3'))).toThrow(
      '"cross layer transcoder", "mlp reconstruction error"',
    );
    expect(() => readGraph(graph(['attention head', 'attention head'], '0_7_3'))).toThrow('"0_7_3" is there twice');
    expect(() => readGraph(graph(['mlp'], '0_7_3'))).toThrow('"0_7_3" is no mlp');
  });
});

describe('key/value heads', () => {
  it('sum exactly from expanded to native', () => {
    const expanded = reference();
    const { circuit, notes } = convertKvHeads(expanded, 'native');
    const group = golden.json.n_heads / golden.json.n_kv_heads;
    const width = circuit.receivers.length;
    for (const [row, sender] of circuit.senders.entries())
      for (const [column, receiver] of circuit.receivers.entries()) {
        const [, layer, kv, port] = /^a(\d+)\.kv(\d+)<(.)>$/.exec(receiver) ?? [];
        const copies =
          kv === undefined ? [receiver] : members(group, Number(kv)).map((h) => `a${layer}.h${h}<${port}>`);
        const cells = copies.map((copy) => row * expanded.receivers.length + expanded.receivers.indexOf(copy));
        const sum = cells.reduce((total, cell) => total + expanded.scores[cell]!, 0);
        expect(circuit.scores[row * width + column], `${sender}->${receiver}`).toBe(Math.fround(sum));
        const kept = cells.some((cell) => expanded.inCircuit![cell] === 1);
        expect(circuit.inCircuit![row * width + column]).toBe(kept ? 1 : 0);
      }
    expect(notes[0]).toMatch(/^\d+ key and value edges are in the circuit whole/);
  });

  const members = (group: number, kv: number) => Array.from({ length: group }, (_, at) => kv * group + at);

  it('cannot be told apart from native to expanded, unless there are no scores or nothing is shared', () => {
    const { circuit } = convertKvHeads(reference(), 'native');
    expect(() => convertKvHeads(circuit, 'expanded')).toThrow(/key and value edges have one score.*input->a0\.kv0<k>/);
    const mask = { ...circuit, scores: new Float32Array(circuit.scores.length) };
    const { circuit: spread } = convertKvHeads(mask, 'expanded');
    expect(convertKvHeads(spread, 'native').circuit.inCircuit).toEqual(circuit.inCircuit);
    const unshared = { ...reference(), shape: { ...reference().shape, nKvHeads: golden.json.n_heads } };
    const back = convertKvHeads(convertKvHeads(unshared, 'native').circuit, 'expanded').circuit;
    expect(back.scores).toEqual(unshared.scores);
    expect(back.inCircuit).toEqual(unshared.inCircuit);
  });

  it('need a number that divides the heads', () => {
    const unknown = { ...reference(), shape: { ...reference().shape, nKvHeads: null } };
    expect(() => convertKvHeads(unknown, 'native')).toThrow('--n-kv-heads');
    expect(() => convertKvHeads(unknown, 'native', 5)).toThrow(CircuitConversionError);
  });
});

describe('a MIB submission', () => {
  const options = { task: 'ioi', model: 'qwen2.5', by: 'absolute' as const };

  it('is nine circuits of at most their share of edges, the strongest', () => {
    const files = [...mibSubmission(reference(), { ...options, content: 'circuits' })];
    const edges = strongestFirst(reference());
    expect(files.map(({ path }) => path)).toEqual(
      [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].map((percent) => `ioi_qwen2.5/${percent}.json`),
    );
    for (const { path, pieces } of files) {
      const { inCircuit } = readText([...pieces].join(''));
      const count = Math.floor((parseFloat(path.split('/')[1]!) / 100) * edges.length + 1e-9);
      const kept = [...edges].filter((cell) => inCircuit?.[cell] === 1);
      expect(kept).toEqual([...edges.subarray(0, count)]);
    }
  });

  it('is one file of scores', () => {
    const [file, ...others] = mibSubmission(reference(), { ...options, content: 'scores' });
    expect([file!.path, others]).toEqual(['ioi_qwen2.5/importances.json', []]);
    expect(readText([...file!.pieces].join('')).scores).toEqual(reference().scores);
  });

  it('refuses a folder that is none, and a graph of shared key/value heads', () => {
    const scores = { ...options, content: 'scores' as const };
    expect(() => [...mibSubmission(reference(), { ...scores, task: '../x' })]).toThrow('"../x"');
    const { circuit } = convertKvHeads(reference(), 'native');
    expect(() => [...mibSubmission(circuit, scores)]).toThrow(CircuitConversionError);
  });
});

it('writes Arrow that its own library reads', async () => {
  const circuit = reference();
  const table = tableFromIPC(await written(circuitFormats.arrow, circuit));
  const order = [...strongestFirst(circuit)];
  expect(table.numRows).toBe(order.length);
  expect([...table.getChild('score')!]).toEqual(order.map((cell) => circuit.scores[cell]));
  expect([...table.getChild('in_circuit')!]).toEqual(order.map((cell) => circuit.inCircuit![cell] === 1));
  const names = table.toArray().map((row) => {
    const { sender, receiver, port } = row as { sender: string; receiver: string; port: string };
    return `${sender}->${receiver}${port === 'in' ? '' : `<${port}>`}`;
  });
  const csv = (await text(circuitFormats.csv, circuit)).trim().split('\n').slice(1);
  expect(names).toEqual(csv.map((line) => line.split(',')[1]));
  expect(JSON.parse(table.schema.metadata.get('record')!)).toEqual(record);
  const unchosen = tableFromIPC(await written(circuitFormats.arrow, { ...circuit, inCircuit: null }));
  expect([...unchosen.getChild('in_circuit')!].every((value) => value === null)).toBe(true);
});

describe('a file that is no circuit', () => {
  const cfg = { n_layers: 1, n_heads: 1 };
  const edges = () => {
    const circuit = emptyCircuit({
      nLayers: 1,
      nHeads: 1,
      kvHeads: 'expanded',
      nKvHeads: null,
      parallel: false,
      dModel: null,
    });
    return (JSON.parse([...circuitFormats['eap-ig'].write(circuit)].join('')) as EapIgDocument).edges;
  };
  const document = (changes: object) => JSON.stringify({ cfg, nodes: {}, edges: edges(), ...changes });
  const without = (name: string) => Object.fromEntries(Object.entries(edges()).filter(([edge]) => edge !== name));
  const scored = (score: string) => document({}).replace('"input->m0":{"score":0', `"input->m0":{"score":${score}`);

  const wrong: [string, string, string, string][] = [
    ['a shape of millions', document({ cfg: { n_layers: 1024, n_heads: 1024 } }), 'graph.cfg', 'cells'],
    ['a shape that is no number', document({ cfg: { n_layers: '1', n_heads: 1 } }), 'graph.cfg.n_layers', 'number'],
    [
      'key/value heads that do not divide',
      document({ cfg: { ...cfg, n_heads: 3, n_kv_heads: 2 } }),
      'graph.cfg.n_kv_heads',
      '3 heads',
    ],
    ['no edges', '{"cfg": {"n_layers": 1, "n_heads": 1}, "nodes": {}}', 'graph.edges', 'object'],
    [
      'an unknown edge',
      document({ edges: { 'input->a7.h0<q>': { score: 1 } } }),
      'graph.edges.input->a7.h0<q>',
      'not an edge',
    ],
    [
      'an edge backwards',
      document({ edges: { 'm0->a0.h0<q>': { score: 1 } } }),
      'graph.edges.m0->a0.h0<q>',
      'not an edge',
    ],
    [
      'an edge with more',
      document({ edges: { 'input->m0->m0': { score: 1 } } }),
      'graph.edges.input->m0->m0',
      'not an edge',
    ],
    [
      'a prototype',
      document({}).replace('"edges":{', '"edges":{"__proto__":{"score":1},'),
      'graph.edges.__proto__',
      'not an edge',
    ],
    [
      'a constructor',
      document({ nodes: { constructor: { in_graph: true } } }),
      'graph.nodes.constructor',
      'not a node',
    ],
    [
      'an edge left out',
      document({ edges: without('input->m0') }),
      'graph.edges',
      '1 edges of the graph are missing, such as input->m0',
    ],
    [
      'an edge twice',
      document({}).replace('"edges":{', '"edges":{"input->m0":{"score":1},'),
      'graph.edges.input->m0',
      'twice',
    ],
    ['a score that is NaN', scored('NaN'), 'graph.edges.input->m0.score', 'null'],
    ['an infinite score', scored('-Infinity'), 'graph.edges.input->m0.score', 'null'],
    ['a score as text', scored('"1"'), 'graph.edges.input->m0.score', 'not a number'],
    ['a score beyond float32', scored('1e39'), 'graph.edges.input->m0.score', '1e+39 is too large'],
    ['neurons', document({ nodes: { m0: { in_graph: true, neurons: [true] } } }), 'graph.nodes.m0.neurons', 'neurons'],
    ['half a file', document({}).slice(0, 90), 'file', 'JSON'],
    ['a list', '[1]', 'line 1', 'name and score'],
    ['a CSV without scores', 'name\ninput->m0\n', 'line 1', 'score'],
    ['a CSV of nodes', 'name,score\ninput,1\n', 'line 2', '"input" is no edge'],
    ['a CSV of nonsense', 'name,score\ninput->x9,1\n', 'x9', 'no node'],
    ['a CSV that names too many', 'name,score\ninput->a9999.h9999<q>,1\n', 'graph.cfg', 'cells'],
    ['a CSV with text for a score', 'name,score\ninput->logits,high\n', 'line 2.score', '"high"'],
    ['a CSV with an edge twice', 'name,score\ninput->logits,1\ninput->logits,2\n', 'line 3', 'twice'],
    ['lines of half an object', '{"name":"input->logits"}\n{"name"\n', 'line 2', 'no JSON'],
  ];
  it.each(wrong)('is refused with %s', (_, content, path, message) => {
    const error = thrown(() => readCircuit(Buffer.from(content)));
    expect(error).toBeInstanceOf(CircuitFormatError);
    expect(error.message).toContain(message);
    expect((error as CircuitFormatError).path).toBe(path);
  });

  it('as a pickle is refused with how to convert it', () => {
    for (const start of [
      [0x50, 0x4b, 3, 4],
      [0x80, 2],
    ])
      expect(() => readCircuit(Uint8Array.from([...start, 0, 0, 0, 0, 0]))).toThrow('docs/guides/formats.md');
  });

  it('as safetensors of another shape is refused', async () => {
    const bytes = Buffer.from(await written(circuitFormats.safetensors, reference()));
    const header = (from: string, to: string) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
    expect(() => readCircuit(header(`n_layers\\":${golden.json.n_layers}`, 'n_layers\\":1'))).toThrow(
      'src_nodes has "a1.h0" at 8',
    );
    expect(() => readCircuit(header('edges_scores', 'edges_scorez'))).toThrow('edges_scores is missing');
    expect(() => readCircuit(header('\\"m0\\"', '\\"m9\\"'))).toThrow('has "m9" at');
    expect(() => readCircuit(bytes.subarray(0, 900))).toThrow('not a safetensors file');
  });
});

it('streams 1.6 million edges in small pieces', () => {
  const shape = {
    nLayers: 32,
    nHeads: 32,
    kvHeads: 'expanded' as const,
    nKvHeads: null,
    parallel: false,
    dModel: 4096,
  };
  const circuit = emptyCircuit(shape);
  circuit.scores.set(circuit.mask as Float32Array);
  let [edges, largest, bytes] = [0, 0, 0];
  const before = process.memoryUsage().rss;
  let peak = before;
  for (const piece of circuitFormats['eap-ig'].write(circuit)) {
    if (piece.includes('->')) edges++;
    if (edges % 100_000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    largest = Math.max(largest, piece.length);
    bytes += piece.length;
  }
  expect(edges).toBe(1_592_881);
  expect(bytes).toBeGreaterThan(70e6);
  expect(largest).toBeLessThan(65_536);
  expect(peak - before).toBeLessThan(bytes);
});

function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

interface Entry {
  dtype: string;
  shape: number[];
}

interface EapIgDocument {
  cfg: object;
  nodes: Record<string, { in_graph: boolean; score?: number }>;
  edges: Record<string, { score: number; in_graph: boolean }>;
}

interface AttributionGraph {
  metadata: { slug: string; scan: string; prompt_tokens: string[]; prompt: string };
  nodes: {
    node_id: string;
    feature: number | null;
    layer: string | number;
    ctx_idx: number;
    feature_type: string;
    jsNodeId: string;
    clerp: string;
  }[];
  links: { source: string; target: string; weight: number }[];
}
