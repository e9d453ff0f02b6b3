/** The engine side of @demur/model: what needs a tensor backend. For worker threads and child processes only. */
export type { Backend } from './backend/backend.ts';
export { openBackend } from './backend/open-backend.ts';
export { Transformer, lastRows, onlyLast } from './transformer.ts';
