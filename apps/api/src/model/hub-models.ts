/** Models of the Hub as this server may use them: downloaded if that is allowed, else out of the cache if its folder is. */
import {
  checkHubModel,
  DemurError,
  HubOfflineError,
  resolveModel,
  type HubReference,
  type ResolveOptions,
} from '@demur/model';
import { allowedPath } from './allowed-path.ts';

const FORBIDDEN = 'this server may not: DEMUR_HUB=on would allow it';

/** A request that asks the Hub should be answered soon. */
const CHECK_TIMEOUT_MS = 20_000;

/** The Hub did not answer within the time of a request. */
class HubSlowError extends DemurError {
  constructor(id: string) {
    super('HUB_UNREACHABLE', `The Hub tells nothing about ${id} within ${CHECK_TIMEOUT_MS / 1000} s; try again later`);
  }
}

export class HubModels {
  readonly #roots: string[];
  readonly #mayDownload: boolean;

  constructor({ roots, mayDownload }: { roots: string[]; mayDownload: boolean }) {
    this.#roots = roots;
    this.#mayDownload = mayDownload;
  }

  /** Where the model lies, once it does. Throws the errors of the Hub, `PathNotAllowedError`. */
  async pathOf(name: string, options: ResolveOptions): Promise<string> {
    if (this.#mayDownload) return resolveModel(name, options);
    return allowedPath(await resolveModel(name, { ...options, offline: FORBIDDEN }), this.#roots);
  }

  /** Whether all of the model is in the cache. */
  async isHere(name: string): Promise<boolean> {
    try {
      await resolveModel(name, { offline: 'only looking' });
      return true;
    } catch (error) {
      if (error instanceof HubOfflineError) return false;
      throw error;
    }
  }

  /** Makes sure that a model that is not here can be downloaded. Throws the errors of the Hub. */
  async requireDownloadable(reference: HubReference): Promise<void> {
    const offline = this.#mayDownload ? undefined : FORBIDDEN;
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    await checkHubModel(reference, { offline, signal }).catch((error: unknown) => {
      throw signal.aborted ? new HubSlowError(reference.id) : error;
    });
  }
}
