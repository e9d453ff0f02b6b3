/** Circuits: two dense matrices [sender, receiver] as artifacts, and the first 10,000 edges as rows. */
import { and, asc, desc, eq, lte } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { parseNodeName, type NodeName } from '../edge-name.ts';
import { DatabaseError } from '../errors.ts';
import type { Artifact } from '../schema/artifacts.ts';
import { circuitEdges, type CircuitEdge, type Port } from '../schema/circuit-edges.ts';
import { circuits, type Circuit } from '../schema/circuits.ts';
import { topEdges } from '../top-edges.ts';
import { findArtifact, findArtifactById, readArtifact, writeArtifact } from './artifacts.ts';

/** Scores and mask [senders.length, receivers.length], row-major; a cell is an edge where the mask is not 0. */
export interface CircuitInput {
  experimentId?: string | undefined;
  name: string;
  senders: string[];
  receivers: string[];
  scores: Float32Array;
  mask: Float32Array;
  /** As `mask`, 1 where an edge was chosen; left out where none were. */
  inCircuit?: Float32Array | undefined;
  /** Of an imported circuit: how its scores came about. */
  sidecar?: unknown;
}

/** A circuit with its matrices. */
export interface DenseCircuit extends Circuit {
  scores: Float32Array;
  mask: Float32Array;
  inCircuit: Float32Array | null;
  /** Bounds of a bootstrap, where its experiment made one. */
  interval: { low: Float32Array; high: Float32Array } | null;
}

export class CircuitShapeError extends DatabaseError {
  constructor({ name, senders, receivers }: CircuitInput, matrix: string, found: number) {
    super(
      'CIRCUIT_SHAPE',
      `The circuit "${name}" has ${senders.length} senders and ${receivers.length} receivers, so its ${matrix} needs ` +
        `${senders.length * receivers.length} values; it has ${found}.`,
    );
  }
}

/** How many edges of a circuit are rows. */
const edgeRows = 10_000;

/**
 * Stores a circuit, in one transaction: matrices, edge count, first edges. The matrices of an experiment's circuit are
 * the experiment's own artifacts `scores` and `mask`, stored once.
 * @throws CircuitShapeError, NodeNameError
 */
export async function createCircuit(session: Session, input: CircuitInput): Promise<Circuit> {
  checkShapes(input);
  const { senders, receivers } = input;
  const ends = { senders: senders.map(parseNodeName), receivers: receivers.map(parseNodeName) };
  return session.transaction(async (tx) => {
    const circuit = await insertCircuit(tx, input);
    await insertEdges(tx, edgesOf(circuit.id, input, ends));
    return circuit;
  });
}

function checkShapes(input: CircuitInput): void {
  const { senders, receivers, scores, mask, inCircuit } = input;
  for (const [matrix, values] of Object.entries({ scores, mask, inCircuit })) {
    if (values && values.length !== senders.length * receivers.length) {
      throw new CircuitShapeError(input, matrix, values.length);
    }
  }
}

async function insertCircuit(session: Session, input: CircuitInput): Promise<Circuit> {
  const { experimentId, name, sidecar, senders, receivers, scores, mask, inCircuit } = input;
  const write = (artifact: string, values: Float32Array): Promise<Artifact> =>
    writeArtifact(session, { experimentId }, { name: artifact, shape: [senders.length, receivers.length], values });
  const row = {
    experimentId,
    name,
    sidecar,
    senders,
    receivers,
    edgeCount: mask.reduce((total, value) => total + (value === 0 ? 0 : 1), 0),
    scoresArtifactId: (await write('scores', scores)).id,
    maskArtifactId: (await write('mask', mask)).id,
    inCircuitArtifactId: inCircuit && (await write('in_circuit', inCircuit)).id,
  };
  const [circuit] = await session.orm.insert(circuits).values(row).returning();
  return circuit!;
}

function edgesOf(
  circuitId: string,
  { scores, mask }: CircuitInput,
  { senders, receivers }: { senders: NodeName[]; receivers: NodeName[] },
): CircuitEdge[] {
  return Array.from(topEdges(scores, mask, edgeRows), (cell, index) => {
    const sender = senders[Math.floor(cell / receivers.length)]!;
    const receiver = receivers[cell % receivers.length]!;
    return {
      circuitId,
      rank: index + 1,
      score: scores[cell]!,
      sender: sender.name,
      receiver: receiver.name,
      port: receiver.port,
      senderKind: sender.kind,
      senderLayer: sender.layer,
      senderHead: sender.head,
      receiverKind: receiver.kind,
      receiverLayer: receiver.layer,
      receiverHead: receiver.head,
    };
  });
}

/** One parameter for all rows: 10,000 rows of parameters would be more than a statement takes. */
async function insertEdges(session: Session, edges: CircuitEdge[]): Promise<void> {
  if (edges.length === 0) return;
  const rows = edges.map((edge) => [
    ...[edge.rank, String(edge.score), edge.sender, edge.receiver, edge.port],
    ...[edge.senderKind, edge.senderLayer, edge.senderHead, edge.receiverKind, edge.receiverLayer, edge.receiverHead],
  ]);
  await session.executeSql(
    `INSERT INTO circuit_edges (circuit_id, rank, score, sender, receiver, port,
       sender_kind, sender_layer, sender_head, receiver_kind, receiver_layer, receiver_head)
     SELECT $1, (r->>0)::int, (r->>1)::real, r->>2, r->>3, r->>4, r->>5, (r->>6)::int, (r->>7)::int, r->>8, (r->>9)::int, (r->>10)::int
     FROM jsonb_array_elements($2::jsonb) AS r`,
    [edges[0]!.circuitId, JSON.stringify(rows)],
  );
}

export async function findCircuit(session: Session, id: string): Promise<Circuit | undefined> {
  return (await session.orm.select().from(circuits).where(eq(circuits.id, id)))[0];
}

export async function findCircuitOfExperiment(session: Session, experimentId: string): Promise<Circuit | undefined> {
  return (await session.orm.select().from(circuits).where(eq(circuits.experimentId, experimentId)))[0];
}

/** All circuits, newest first. */
export function listCircuits(session: Session, { first }: { first: number }): Promise<Circuit[]> {
  return session.orm.select().from(circuits).orderBy(desc(circuits.id)).limit(first);
}

/** The circuit with its matrices, for questions that run in memory; undefined if there is none. */
export async function readDenseCircuit(session: Session, id: string): Promise<DenseCircuit | undefined> {
  const circuit = await findCircuit(session, id);
  if (!circuit) return undefined;
  const read = async (artifactId: string): Promise<Float32Array> =>
    (await readArtifact(session, (await findArtifactById(session, artifactId))!)).values;
  const { scoresArtifactId, maskArtifactId, inCircuitArtifactId, experimentId } = circuit;
  const bound = (side: string) =>
    experimentId === null ? undefined : findArtifact(session, experimentId, `interval.${side}`);
  const [low, high] = [await bound('low'), await bound('high')];
  return {
    ...circuit,
    scores: await read(scoresArtifactId),
    mask: await read(maskArtifactId),
    inCircuit: inCircuitArtifactId === null ? null : await read(inCircuitArtifactId),
    interval: low && high ? { low: await read(low.id), high: await read(high.id) } : null,
  };
}

/** The first edges of a circuit by rank; at most the 10,000 that are rows. */
export function listTopEdges(
  session: Session,
  circuitId: string,
  { first }: { first: number },
): Promise<CircuitEdge[]> {
  return session.orm
    .select()
    .from(circuitEdges)
    .where(and(eq(circuitEdges.circuitId, circuitId), lte(circuitEdges.rank, first)))
    .orderBy(asc(circuitEdges.rank));
}

/** Where an edge stands in all circuits that have it among their first 10,000, best rank first. */
export function findEdgeInCircuits(
  session: Session,
  edge: { sender?: string; receiver?: string; port?: Port },
  { first }: { first: number },
): Promise<CircuitEdge[]> {
  const { sender, receiver, port } = edge;
  return session.orm
    .select()
    .from(circuitEdges)
    .where(
      and(
        sender === undefined ? undefined : eq(circuitEdges.sender, sender),
        receiver === undefined ? undefined : eq(circuitEdges.receiver, receiver),
        port === undefined ? undefined : eq(circuitEdges.port, port),
      ),
    )
    .orderBy(asc(circuitEdges.rank), asc(circuitEdges.circuitId))
    .limit(first);
}
