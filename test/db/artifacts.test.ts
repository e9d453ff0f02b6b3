/** Arrays and circuits on both databases: bit for bit, ranked right, and all of a result or nothing. */
import {
  ArrayShapeError,
  ArtifactDamagedError,
  CircuitArraysMissingError,
  CircuitShapeError,
  ExperimentStatusError,
  NodeNameError,
  artifactChunks,
  artifacts,
  cancelExperiment,
  circuitEdges,
  circuits,
  completeExperiment,
  createCircuit,
  experiments,
  findArtifact,
  findCircuitOfExperiment,
  findEdgeInCircuits,
  findExperiment,
  listArtifacts,
  listTopEdges,
  readArtifact,
  readDenseCircuit,
  saveShard,
  shards,
  writeArtifact,
  type Database,
} from '@demur/db';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { withBothDatabases } from './both-databases.ts';
import { randomBits, runningExperiment, smallCircuit } from './fixtures.ts';

withBothDatabases((database) => {
  describe('an array', () => arrayTests(database));
  describe('a circuit', () => circuitTests(database));
  describe('the end of an experiment', () => completionTests(database));
});

/** Any 32 bits are a float32, not-a-numbers with payloads among them; so bits are compared, not numbers. */
function bitsOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function arrayTests(database: () => Database): void {
  const sizes = [0, 1, 1_600_000, 5_000_000];

  it.each(sizes)('of %d values comes back bit for bit', async (length) => {
    const values = new Float32Array(randomBits(length).buffer);
    const start = performance.now();
    const artifact = await writeArtifact(database(), {}, { name: 'any', shape: [length], values });
    const middle = performance.now();
    const read = await readArtifact(database(), artifact);
    const end = performance.now();
    const times = `written in ${(middle - start).toFixed(0)} ms, read in ${(end - middle).toFixed(0)} ms`;
    console.log(`${database().driver}: ${length} float32 ${times}`);
    expect(read.shape).toEqual([length]);
    expect(bitsOf(read.values).equals(bitsOf(values))).toBe(true);
  });

  it('may be a view into a larger one', async () => {
    const whole = new Float32Array(randomBits(100).buffer);
    const values = whole.subarray(3, 15);
    const artifact = await writeArtifact(database(), {}, { name: 'view', shape: [3, 4], values });
    const read = await readArtifact(database(), artifact);
    expect(read.shape).toEqual([3, 4]);
    expect([...new Uint32Array(read.values.buffer)]).toEqual([...randomBits(100).subarray(3, 15)]);
  });

  it('is refused when its shape does not fit', async () => {
    const writing = writeArtifact(database(), {}, { name: 'bad', shape: [2, 3], values: new Float32Array(5) });
    await expect(writing).rejects.toThrow(ArrayShapeError);
    await expect(writing).rejects.toThrow('The array "bad" has 5 values, which is not the shape [2, 3].');
  });

  it('of which bytes are missing is reported, not handed out', async () => {
    const values = new Float32Array(10);
    const artifact = await writeArtifact(database(), {}, { name: 'torn', shape: [10], values });
    await database().orm.delete(artifactChunks).where(eq(artifactChunks.artifactId, artifact.id));
    await expect(readArtifact(database(), artifact)).rejects.toThrow(ArtifactDamagedError);
    await expect(readArtifact(database(), artifact)).rejects.toThrow('should have 40 bytes and has 0');
  });
}

function circuitTests(database: () => Database): void {
  it('keeps its matrices, and its edges by rank', async () => {
    const { senders, receivers, scores, mask } = smallCircuit();
    const input = { name: 'small', senders, receivers, scores, mask, inCircuit: mask, sidecar: { from: 'a test' } };
    const circuit = await createCircuit(database(), input);
    const expected = [...mask.keys()]
      .filter((cell) => mask[cell] !== 0)
      .sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!))
      .map((cell, index) => ({ rank: index + 1, score: scores[cell], ...endsOf(cell, senders, receivers) }));
    expect(circuit).toMatchObject({ edgeCount: expected.length, sidecar: { from: 'a test' } });
    expect(await listTopEdges(database(), circuit.id, { first: 1_000 })).toMatchObject(expected);
    const dense = await readDenseCircuit(database(), circuit.id);
    expect(dense).toMatchObject({ senders, receivers, scores, mask, inCircuit: mask });
  });

  it('names the parts of its ends', async () => {
    const { senders, receivers, scores, mask } = smallCircuit();
    const circuit = await createCircuit(database(), { name: 'parts', senders, receivers, scores, mask });
    const edges = await findEdgeInCircuits(database(), { sender: 'a0.h1', receiver: 'a1.h0', port: 'K' }, { first: 9 });
    const head = { senderKind: 'HEAD', senderLayer: 0, senderHead: 1, receiverKind: 'HEAD', receiverLayer: 1 };
    expect(edges.find(({ circuitId }) => circuitId === circuit.id)).toMatchObject({ ...head, receiverHead: 0 });
    expect(edges).toHaveLength(2);
  });

  it('of 1.6 million edges keeps the first 10,000 as rows', async () => {
    const senders = Array.from({ length: 1_000 }, (_, layer) => `m${layer}`);
    const receivers = Array.from({ length: 1_600 }, (_, head) => `a9.kv${head}<v>`);
    const scores = Float32Array.from(randomBits(1_600_000), (bits) => bits / 2 ** 31 - 1);
    const mask = new Float32Array(scores.length).fill(1);
    const start = performance.now();
    const circuit = await createCircuit(database(), { name: 'large', senders, receivers, scores, mask });
    const middle = performance.now();
    const dense = await readDenseCircuit(database(), circuit.id);
    const end = performance.now();
    const times = `stored in ${(middle - start).toFixed(0)} ms, read in ${(end - middle).toFixed(0)} ms`;
    console.log(`${database().driver}: circuit of 1.6 million edges ${times}`);
    expect(bitsOf(dense!.scores).equals(bitsOf(scores))).toBe(true);
    const edges = await listTopEdges(database(), circuit.id, { first: 20_000 });
    const expected = Float32Array.from(scores, Math.abs).sort().reverse().subarray(0, 10_000);
    expect(edges.map(({ score }) => Math.abs(score))).toEqual([...expected]);
    expect(edges[0]).toMatchObject({ rank: 1, senderKind: 'MLP', receiverKind: 'KV_HEAD', port: 'V' });
  });

  it('with scores that are no numbers ranks them last', async () => {
    const scores = Float32Array.from([NaN, -2, Infinity, 0, -0]);
    const receivers = ['m0', 'm1', 'm2', 'm3', 'logits'];
    const input = { name: 'odd', senders: ['input'], receivers, scores, mask: new Float32Array(5).fill(1) };
    const circuit = await createCircuit(database(), input);
    const edges = await listTopEdges(database(), circuit.id, { first: 9 });
    expect(edges.map(({ receiver }) => receiver)).toEqual(['m2', 'm1', 'm3', 'logits', 'm0']);
    expect(edges.map(({ score }) => score)).toEqual([Infinity, -2, 0, expect.closeTo(0), NaN]);
  });

  it('of a shape or with a name that cannot be is refused', async () => {
    const { senders, receivers, scores, mask } = smallCircuit();
    const input = { name: 'bad', senders, receivers, scores, mask };
    await expect(createCircuit(database(), { ...input, mask: mask.slice(1) })).rejects.toThrow(CircuitShapeError);
    await expect(createCircuit(database(), { ...input, mask: mask.slice(1) })).rejects.toThrow('its mask needs 105');
    const odd = ['a0.h1<x>', ...receivers.slice(1)];
    await expect(createCircuit(database(), { ...input, receivers: odd })).rejects.toThrow(NodeNameError);
    await expect(createCircuit(database(), { ...input, receivers: odd })).rejects.toThrow('"a0.h1<x>"');
  });
}

function endsOf(cell: number, senders: string[], receivers: string[]) {
  const [receiver, port = 'in'] = receivers[cell % receivers.length]!.replace('>', '').split('<');
  return { sender: senders[Math.floor(cell / receivers.length)], receiver, port: port.toUpperCase() };
}

function completionTests(database: () => Database): void {
  const array = (name: string, values: Float32Array, shape = [values.length]) => ({ [name]: { shape, values } });

  /** Rows of every table that the end of an experiment writes. */
  async function rows() {
    const { orm } = database();
    const tables = { artifacts, artifactChunks, circuits, circuitEdges, experiments, shards };
    const counts = Object.entries(tables).map(async ([name, table]) => [name, await orm.$count(table)] as const);
    return Object.fromEntries(await Promise.all(counts));
  }

  it('stores result, record, arrays and circuit', async () => {
    const { id } = await runningExperiment(database());
    const { senders, receivers, shape, scores, mask } = smallCircuit();
    const arrays = { ...array('scores', scores, shape), ...array('mask', mask, shape), ...array('extra', scores) };
    const result = { senders, b: 1, a: 2 };
    await completeExperiment(database(), id, {
      result,
      record: { seed: 1 },
      artifacts: arrays,
      circuit: { senders, receivers },
    });
    const experiment = await findExperiment(database(), id);
    expect(experiment).toMatchObject({
      status: 'SUCCEEDED',
      record: { seed: 1 },
      finishedAt: expect.any(Date) as Date,
    });
    expect(JSON.stringify(experiment?.result)).toBe(JSON.stringify(result));
    expect((await listArtifacts(database(), id)).map(({ name }) => name)).toEqual(['extra', 'mask', 'scores']);
    const stored = await readArtifact(database(), (await findArtifact(database(), id, 'scores'))!);
    expect(stored).toEqual({ shape, values: scores });
    const circuit = await findCircuitOfExperiment(database(), id);
    expect(await readDenseCircuit(database(), circuit!.id)).toMatchObject({ senders, receivers, scores, mask });
  });

  const { senders, receivers, shape, scores, mask } = smallCircuit();
  const good = { ...array('scores', scores, shape), ...array('mask', mask, shape) };
  const bad: [string, object, object, new (...args: never[]) => Error][] = [
    [
      'an array after the circuit does not fit',
      { ...good, ...array('z', scores, [3]) },
      { senders, receivers },
      ArrayShapeError,
    ],
    ['a node has a name that cannot be', good, { senders: ['x', ...senders.slice(1)], receivers }, NodeNameError],
    ['the mask is missing', array('scores', scores, shape), { senders, receivers }, CircuitArraysMissingError],
    ['a name is too much', good, { senders: [...senders, 'm2'], receivers }, CircuitShapeError],
  ];

  it.each(bad)('leaves everything as it was when %s', async (_, arrays, circuit, errorClass) => {
    const { id } = await runningExperiment(database());
    await saveShard(database(), {
      experimentId: id,
      index: 0,
      status: 'SUCCEEDED',
      result: 1,
      arrays: array('part', scores),
    });
    const before = { experiment: await findExperiment(database(), id), rows: await rows() };
    const outcome = { result: 1, record: 2, artifacts: arrays, circuit } as Parameters<typeof completeExperiment>[2];
    await expect(completeExperiment(database(), id, outcome)).rejects.toThrow(errorClass);
    expect({ experiment: await findExperiment(database(), id), rows: await rows() }).toEqual(before);
  });

  it('does not come when the experiment was cancelled before', async () => {
    const { id } = await runningExperiment(database());
    await cancelExperiment(database(), id);
    const before = await rows();
    const completing = completeExperiment(database(), id, { result: 1, record: 2, artifacts: good });
    await expect(completing).rejects.toThrow(ExperimentStatusError);
    expect(await rows()).toEqual(before);
  });
}
