/** Named float32 arrays, written and read bit for bit. */
import { and, asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { DatabaseError } from '../errors.ts';
import { artifacts, type Artifact } from '../schema/artifacts.ts';

/** An array in row-major order; `values.length` is the product of `shape`. */
export interface FloatArray {
  shape: number[];
  values: Float32Array;
}

/** Whose array it is: an experiment's, a shard's, or of nobody (a circuit refers to it). */
export interface ArtifactOwner {
  experimentId?: string | undefined;
  shardId?: string | undefined;
}

export class ArrayShapeError extends DatabaseError {
  constructor(name: string, { shape, values }: FloatArray) {
    super(
      'ARRAY_SHAPE',
      `The array "${name}" has ${values.length} values, which is not the shape [${shape.join(', ')}].`,
    );
  }
}

export class ArtifactDamagedError extends DatabaseError {
  constructor({ id, name, byteLength }: Artifact, found: number) {
    super(
      'ARTIFACT_DAMAGED',
      `The array "${name}" (${id}) should have ${byteLength} bytes and has ${found}. Run its experiment again.`,
    );
  }
}

/** Bounds the memory that one statement takes, in the database and here. */
const chunkBytes = 8 * 2 ** 20;

/**
 * Writes an array in one transaction. The values are not copied: leave them alone until it is done.
 * @throws ArrayShapeError
 */
export async function writeArtifact(
  session: Session,
  owner: ArtifactOwner,
  { name, ...array }: FloatArray & { name: string },
): Promise<Artifact> {
  const { shape, values } = array;
  if (shape.reduce((product, size) => product * size, 1) !== values.length) throw new ArrayShapeError(name, array);
  return session.transaction(async (tx) => {
    const row = { ...owner, name, shape, dtype: 'float32', byteLength: values.byteLength } as const;
    const [artifact] = await tx.orm.insert(artifacts).values(row).returning();
    await tx.writeChunks(artifact!.id, chunksOf(values));
    return artifact!;
  });
}

/** Every array of a record, in the order of their names. */
export async function writeArtifacts(
  session: Session,
  owner: ArtifactOwner,
  arrays: Readonly<Record<string, FloatArray>>,
): Promise<Artifact[]> {
  const written: Artifact[] = [];
  for (const name of Object.keys(arrays).sort()) {
    written.push(await writeArtifact(session, owner, { name, ...arrays[name]! }));
  }
  return written;
}

/** Views of the bytes; every machine this runs on is little-endian. */
function chunksOf(values: Float32Array): Uint8Array[] {
  const { buffer, byteOffset, byteLength } = values;
  return Array.from({ length: Math.ceil(byteLength / chunkBytes) }, (_, index) => {
    const start = index * chunkBytes;
    return new Uint8Array(buffer, byteOffset + start, Math.min(chunkBytes, byteLength - start));
  });
}

/**
 * The array of an artifact.
 * @throws ArtifactDamagedError when bytes are missing.
 */
export async function readArtifact(session: Session, artifact: Artifact): Promise<FloatArray> {
  const bytes = new Uint8Array(artifact.byteLength);
  let found = 0;
  for await (const chunk of session.readChunks(artifact.id)) {
    if (found + chunk.length > bytes.length) throw new ArtifactDamagedError(artifact, found + chunk.length);
    bytes.set(chunk, found);
    found += chunk.length;
  }
  if (found !== bytes.length) throw new ArtifactDamagedError(artifact, found);
  return { shape: artifact.shape, values: new Float32Array(bytes.buffer) };
}

export async function findArtifact(
  session: Session,
  experimentId: string,
  name: string,
): Promise<Artifact | undefined> {
  const isIt = and(eq(artifacts.experimentId, experimentId), eq(artifacts.name, name));
  return (await session.orm.select().from(artifacts).where(isIt))[0];
}

export async function findArtifactById(session: Session, id: string): Promise<Artifact | undefined> {
  return (await session.orm.select().from(artifacts).where(eq(artifacts.id, id)))[0];
}

/** The artifacts of an experiment by name, without their values. */
export function listArtifacts(session: Session, experimentId: string): Promise<Artifact[]> {
  return session.orm
    .select()
    .from(artifacts)
    .where(eq(artifacts.experimentId, experimentId))
    .orderBy(asc(artifacts.name));
}
