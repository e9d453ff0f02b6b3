/** Scores of edges in a file: an array [sender, receiver] of a result, held to the hash that a spec has of it. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DemurError, readSafetensorsTensor } from '@demur/model';
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import type { Graph, KvHeads } from '../graph/graph.ts';
import type { ScoresFile } from '../spec/edges.ts';
import { SpecError } from '../spec/errors.ts';
import type { ResolveFile } from '../steering/directions.ts';

interface ScoresFileOptions {
  /** Where the spec names the file, such as `options.edges.of`. */
  path: string;
  graph: Graph;
  kvHeads: KvHeads;
  resolveFile: ResolveFile | undefined;
}

/**
 * The scores, and their SHA-256.
 * @throws SpecError naming file and fix: unreadable, of another shape, not finite, or changed since the spec's hash was taken
 */
export async function readScoresFile(
  { file, name, sha256 }: ScoresFile,
  { path, graph, kvHeads, resolveFile = (of) => resolve(of) }: ScoresFileOptions,
): Promise<{ scores: Float32Array; sha256: string }> {
  const refused = (message: string): SpecError => new SpecError([{ path, message: `"${name}" of ${file} ${message}` }]);
  const { shape, values } = await readArray(await resolveFile(file), name).catch((error: unknown) => {
    if (!(error instanceof DemurError) || error.path !== undefined) throw error;
    throw new SpecError([{ path, message: error.message }]);
  });
  const { senders, receivers } = graph;
  if (shape.length !== 2 || shape[0] !== senders.length || shape[1] !== receivers.length)
    throw refused(
      `has the shape [${shape.join(', ')}]; the ${kvHeads} graph of this model has ${senders.length} senders and ${receivers.length} receivers`,
    );
  const bad = edgeCells(graph).find((cell) => !Number.isFinite(values[cell]));
  if (bad !== undefined) throw refused(`is ${values[bad]} at ${edgeName(graph, bad)}; give finite scores`);
  const found = hashOfValues(values);
  if (sha256 !== undefined && sha256 !== found)
    throw refused(`has the SHA-256 ${found}, not ${sha256}: it has changed; leave out "sha256" to take it as it is`);
  return { scores: values, sha256: found };
}

/** An array of a file, or of the result in a folder. */
async function readArray(path: string, name: string) {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return readSafetensorsTensor(isFolder ? join(path, 'arrays.safetensors') : path, name);
}

/** SHA-256, in hex, of float32 values, little endian. */
export function hashOfValues(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(values.byteLength));
  for (const [i, value] of values.entries()) bytes.setFloat32(4 * i, value, true);
  return createHash('sha256').update(bytes).digest('hex');
}
