/** Downloads that are too large for GraphQL: arrays of experiments, edges of circuits. Reading alone. */
import { once } from 'node:events';
import { Router, type Request, type Response } from 'express';
import type { App } from '../app.ts';
import { eapIgConfig, writeEapIg } from '../circuit/eap-ig.ts';
import { CircuitNotFoundError } from '../circuit/circuits.ts';
import { edgesAsCsv, edgesAsNdjson } from '../circuit/edge-lines.ts';
import type { Circuit } from '../circuit/circuit.type.ts';
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { Doorkeeper } from './doorkeeper.ts';

/** How a circuit is written, and as what it is sent. */
interface Format {
  type: string;
  lines(graph: CircuitGraph, circuit: Circuit): Generator<string>;
}

const formats: Record<string, Format> = {
  json: { type: 'application/json', lines: asEapIg },
  ndjson: { type: 'application/x-ndjson', lines: edgesAsNdjson },
  csv: { type: 'text/csv', lines: edgesAsCsv },
};

/** The routes under /export. */
export function exportRoutes(app: App, doorkeeper: Doorkeeper): Router {
  const router = Router();
  router.use(async (request, _response, next) => {
    await doorkeeper.admit(request.headers);
    next();
  });
  router.get('/experiments/:id.safetensors', async ({ params: { id } }: Request<{ id: string }>, response) => {
    const bytes = await app.experiments.safetensors(id);
    download(response, `${id}.safetensors`, 'application/octet-stream').end(bytes);
  });
  for (const [extension, format] of Object.entries(formats))
    router.get(`/circuits/:id.${extension}`, async ({ params: { id } }: Request<{ id: string }>, response) => {
      const circuit = await app.circuits.byId(id);
      if (circuit === null) throw new CircuitNotFoundError(id);
      const lines = format.lines(await app.circuits.graph(id), circuit);
      await stream(download(response, `${id}.${extension}`, format.type), lines);
    });
  return router;
}

function download(response: Response, fileName: string, type: string): Response {
  return response.type(type).set('Content-Disposition', `attachment; filename="${fileName}"`);
}

/** Writes `lines` in pieces of some 64 KiB and waits while the reader is slower; stops where the reader is gone. */
async function stream(response: Response, lines: Iterable<string>): Promise<void> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < 65_536) continue;
    if (response.destroyed) return;
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    piece = '';
  }
  response.end(piece);
}

function asEapIg(graph: CircuitGraph, { id, name, sidecar }: Circuit): Generator<string> {
  return writeEapIg(graph, {
    config: eapIgConfig(graph, dModelOf(sidecar)),
    metadata: { circuit: id, name, ...sidecar },
  });
}

/** The width that an imported file recorded. */
function dModelOf(sidecar: Record<string, unknown>): number | null {
  const config = sidecar.config as { d_model?: number; dModel?: number } | undefined;
  return config?.d_model ?? config?.dModel ?? null;
}
