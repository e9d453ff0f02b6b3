/** Downloads of models that are registered when they are there. Kept in memory: after a restart one asks again, and it goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DemurError, type ResolveOptions } from '@demur/model';
import { publicError } from '../errors.ts';

/** A download as model-download.type.ts tells it. */
interface Download {
  reference: string;
  slug: string;
  status: 'DOWNLOADING' | 'REGISTERED' | 'FAILED';
  doneBytes: number;
  totalBytes: number;
  error: string | null;
}

/** Under way, and not done within the time of a request: no failure, but no model yet either. */
export class ModelDownloadingError extends DemurError {
  constructor({ reference, slug, doneBytes, totalBytes }: Download) {
    const megabytes = `${(doneBytes / 1e6).toFixed(0)} of ${(totalBytes / 1e6).toFixed(0)} MB`;
    super(
      'MODEL_DOWNLOADING',
      `${reference} is being downloaded (${megabytes}) and will be registered as "${slug}"; modelDownloads tells how far it is`,
    );
  }
}

/** As long as a caller waits for an answer without a doubt. */
const PATIENCE_MS = 10_000;
const MOST_KEPT = 100;

interface Running<Model> {
  told: Download;
  ended: Promise<Model>;
}

export class ModelDownloads<Model> {
  readonly #downloads = new Map<string, Running<Model>>();
  readonly #closing = new AbortController();
  readonly #patienceMs: number;

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  list(): Download[] {
    return [...this.#downloads.values()].map(({ told }) => ({ ...told })).reverse();
  }

  /** Starts `work`, or joins what is under way for the same model and slug. Throws its error, `ModelDownloadingError`. */
  async finish(
    { reference, slug }: { reference: string; slug: string },
    work: (options: ResolveOptions) => Promise<Model>,
  ): Promise<Model> {
    const key = JSON.stringify([reference, slug]);
    const known = this.#downloads.get(key);
    const running = known?.told.status === 'DOWNLOADING' ? known : this.#start(key, { reference, slug, work });
    const waiting = new AbortController();
    const late = sleep(this.#patienceMs, null, { signal: waiting.signal, ref: false }).catch(() => null);
    const model = await Promise.race([running.ended, late]).finally(() => waiting.abort());
    if (model === null) throw new ModelDownloadingError(running.told);
    return model;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the server ends'));
    await Promise.allSettled([...this.#downloads.values()].map(({ ended }) => ended));
  }

  #start(
    key: string,
    { reference, slug, work }: { reference: string; slug: string; work: (options: ResolveOptions) => Promise<Model> },
  ): Running<Model> {
    const told: Download = { reference, slug, status: 'DOWNLOADING', doneBytes: 0, totalBytes: 0, error: null };
    const onProgress: ResolveOptions['onProgress'] = ({ done, total }) =>
      Object.assign(told, { doneBytes: done, totalBytes: total });
    const ended = work({ signal: this.#closing.signal, onProgress });
    ended.then(
      () => (told.status = 'REGISTERED'),
      (error: unknown) => Object.assign(told, { status: 'FAILED', error: this.#failure(error) }),
    );
    this.#downloads.delete(key);
    this.#downloads.set(key, { told, ended });
    for (const old of [...this.#downloads.keys()].slice(0, -MOST_KEPT)) this.#downloads.delete(old);
    return { told, ended };
  }

  #failure(error: unknown): string {
    return this.#closing.signal.aborted ? 'the server ended' : publicError(error).message;
  }
}
