/** Downloads that are too large for GraphQL: arrays of experiments, edges of circuits, pairs of data sets, reports of studies. Reading alone. */
import { once } from 'node:events';
import { circuitFormats, pairFormats, type CircuitFormat } from '@demur/interp';
import { Router, type Request, type Response } from 'express';
import type { App } from '../app.ts';
import { pageSize } from '../relay/page.ts';
import type { Doorkeeper } from './doorkeeper.ts';

type CircuitRequest = Request<{ id: string }>;

/** Links of an attribution graph: a 7B model's edges are fewer. */
const MAX_TOP = 10_000_000;

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
  for (const { extension, type, write } of Object.values<CircuitFormat>(circuitFormats))
    router.get(`/circuits/:id${extension}`, async ({ params: { id }, query }: CircuitRequest, response) => {
      const top =
        query['top'] === undefined
          ? undefined
          : pageSize(Number(query['top']) || 0, 1000, { name: 'top', max: MAX_TOP });
      const pieces = await write(await app.circuits.scored(id), { top });
      await stream(download(response, `${id}${extension}`, type), pieces);
    });
  for (const format of ['html', 'json'] as const)
    router.get(`/studies/:id.${format}`, async ({ params: { id } }: Request<{ id: string }>, response) => {
      const text = await app.studies[format](id);
      download(response, `${id}.${format}`, format).end(text);
    });
  for (const format of pairFormats)
    router.get(`/data-sets/:id.${format}`, async ({ params: { id } }: Request<{ id: string }>, response) => {
      const text = await app.dataSets.file(id, format);
      download(response, `${id}.${format}`, pairTypes[format]).end(text);
    });
  return router;
}

const pairTypes = { json: 'application/json', jsonl: 'application/x-ndjson', csv: 'text/csv' };

function download(response: Response, fileName: string, type: string): Response {
  return response.type(type).set('Content-Disposition', `attachment; filename="${fileName}"`);
}

/** Writes in pieces of some 64 KiB and waits while the reader is slower; stops where the reader is gone. */
async function stream(response: Response, pieces: Iterable<string | Uint8Array>): Promise<void> {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    if (typeof piece === 'string' && text.length < 65_536) continue;
    if (response.destroyed) return;
    if (!response.write(typeof piece === 'string' ? text : piece))
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    text = '';
  }
  response.end(text);
}
