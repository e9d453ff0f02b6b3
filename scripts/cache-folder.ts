/**
 * The folder that keeps what is fetched or built once: outside node_modules, so that a second `npm ci` fetches nothing.
 * It is not the user's data directory; deleting it costs a download, never a result.
 */
import { join, resolve } from 'node:path';

const repositoryRoot = resolve(import.meta.dirname, '..');

/** The cache folder: `DEMUR_CACHE`, else `.cache` in the repository. It may not exist yet. */
export function cacheFolder(): string {
  return resolve(process.env['DEMUR_CACHE'] ?? join(repositoryRoot, '.cache'));
}
