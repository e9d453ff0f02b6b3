// What can go wrong between a Hub id and files on disk, one class a mistake. The token is in none of them.

import { DemurError } from '../errors.ts';

/** A setting of the environment that cannot be used. Its value is not repeated where it may be secret. */
export class HubSettingError extends DemurError {
  constructor(name: string, fix: string) {
    super('HUB_SETTING', `${name} cannot be used; ${fix}.`);
  }
}

/** Not on disk, and downloading is forbidden by HF_HUB_OFFLINE or by the server's settings. */
export class HubOfflineError extends DemurError {
  constructor(reference: string, { cacheFolder, why }: { cacheFolder: string; why: string }) {
    super(
      'HUB_OFFLINE',
      `${reference} is not, or not wholly, in the cache ${cacheFolder}, and nothing is downloaded (${why}); ` +
        'allow it once, or give the path of a model on this machine.',
    );
  }
}

/** The Hub, or the host that it sends to, does not answer. */
export class HubUnreachableError extends DemurError {
  readonly host: string;
  readonly reason: string;

  /** `reference`: what was looked for, where nothing of it is on this machine. */
  constructor(host: string, reason: string, { cause, reference }: { cause?: unknown; reference?: string } = {}) {
    const what = reference === undefined ? '' : `"${reference}" is no path here, and `;
    super(
      'HUB_UNREACHABLE',
      `${what}${host} cannot be reached (${reason}); check the network, HF_ENDPOINT and the proxy, or give a path on this machine.`,
      { cause },
    );
    this.host = host;
    this.reason = reason;
  }
}

/** The Hub is busy or broken: 429 or 5xx, even when asked again. */
export class HubBusyError extends DemurError {
  readonly retryAfterMs: number | null;

  constructor(host: string, status: number, retryAfterMs: number | null) {
    super('HUB_BUSY', `${host} answers ${status}${status === 429 ? ' (too many requests)' : ''}; try again later.`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A repository that this token, or nobody without one, may read. */
export class HubGatedError extends DemurError {
  constructor(id: string, { endpoint, hasToken }: { endpoint: string; hasToken: boolean }) {
    const token = hasToken ? 'check that HF_TOKEN is of that account and may read it' : 'set HF_TOKEN to your token';
    super('HUB_GATED', `${id} may not be read; accept its licence at ${endpoint}/${id}, and ${token}.`);
  }
}

/** No such repository; a private one looks the same without a token. */
export class HubRepositoryNotFoundError extends DemurError {
  constructor(id: string, { endpoint, hasToken }: { endpoint: string; hasToken: boolean }) {
    const token = hasToken ? '' : ', and set HF_TOKEN if it is private';
    super(
      'HUB_REPOSITORY_NOT_FOUND',
      `"${id}" is neither a path here nor a repository on ${endpoint}; check its spelling${token}.`,
    );
  }
}

/** A branch, tag or commit that the repository does not have. */
export class HubRevisionNotFoundError extends DemurError {
  constructor(id: string, revision: string) {
    super(
      'HUB_REVISION_NOT_FOUND',
      `${id} has no revision "${revision}"; give a branch, a tag or a commit, or leave it out.`,
    );
  }
}

/** A file that the repository does not have. */
export class HubFileNotFoundError extends DemurError {
  constructor(id: string, file: string, fix: string) {
    super('HUB_FILE_NOT_FOUND', `${id} has no file ${file}; ${fix}.`);
  }
}

/** A repository without weights that can be read. */
export class HubWeightsMissingError extends DemurError {
  constructor(id: string, fix: string) {
    super('HUB_WEIGHTS_MISSING', `${id} has no model.safetensors and no model.safetensors.index.json; ${fix}.`);
  }
}

/** A repository whose only weights are pickles. */
export class HubPickleRefusedError extends DemurError {
  constructor(id: string, file: string) {
    super(
      'PICKLE_REFUSED',
      `${id} has its weights as ${file} alone, a pickle, which can run code when it is read; give a repository or a ` +
        `revision with safetensors (many have one made by a bot: ${id}@refs/pr/N).`,
    );
  }
}

/** A file name that could lead out of the cache, or a size, hash or status that makes no sense. */
export class HubAnswerError extends DemurError {
  constructor(host: string, problem: string) {
    super('HUB_ANSWER', `${host} gave an answer that cannot be used: ${problem}; check HF_ENDPOINT.`);
  }
}

/** A file that came in whole, twice, and was not what the Hub says it is. */
export class HubChecksumError extends DemurError {
  constructor(file: string, problem: string) {
    super(
      'HUB_CHECKSUM',
      `${file} came in damaged twice (${problem}) and was deleted; check the network and what lies between, then try again.`,
    );
  }
}

/** A file that could not be fetched to its end. What came is kept. */
export class HubCutError extends DemurError {
  constructor(file: string, { done, total, reason }: { done: number; total: number; reason: string }) {
    super(
      'HUB_CUT',
      `${file} broke off again and again at ${done} of ${total} bytes (${reason}); what came is kept, the next try goes on from there.`,
    );
  }
}

/** The cache cannot take the files. */
export class HubCacheError extends DemurError {
  constructor(cacheFolder: string, problem: string, cause?: unknown) {
    super('HUB_CACHE', `The cache ${cacheFolder} ${problem}; free some space, or set HF_HOME to another folder.`, {
      cause,
    });
  }
}
