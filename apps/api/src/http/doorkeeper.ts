/** Who is calling, and whether the call comes from a page of ours. Roles themselves are in roles.ts. */
import type { IncomingHttpHeaders } from 'node:http';
import { DemurError } from '@demur/model';
import { GraphQLError } from 'graphql';
import type { App } from '../app.ts';
import type { Context } from '../context.ts';
import { isLoopback } from '../env.ts';
import type { Role } from '../roles.ts';

/** A server that listens beyond this machine without a token to open it. */
export class TokensRequiredError extends DemurError {
  constructor(host: string) {
    super(
      'TOKENS_REQUIRED',
      `HOST=${host} listens beyond this machine, which requires API tokens, and there are none; make one with: npm start -- --create-token admin`,
    );
  }
}

export class Doorkeeper {
  readonly #app: App;
  readonly #host: string;

  constructor(app: App, host: string) {
    this.#app = app;
    this.#host = host;
  }

  /** Refuses to open a server that others can reach and that has no tokens. Throws `TokensRequiredError`. */
  async requireTokens(): Promise<void> {
    if (!isLoopback(this.#host) && !(await this.#app.tokens.exist())) throw new TokensRequiredError(this.#host);
  }

  /** The context of a call. Throws a GraphQL error UNAUTHENTICATED where a token is needed and there is none. */
  async admit(headers: IncomingHttpHeaders): Promise<Context> {
    const role = await this.#roleOf(headers.authorization);
    if (role !== null) return { app: this.#app, role };
    const message = 'This server needs an API token; send it as the header "Authorization: Bearer TOKEN"';
    throw new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
  }

  async #roleOf(authorization: string | undefined): Promise<Role | null> {
    if (isLoopback(this.#host)) return 'admin';
    const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
    return token === undefined ? null : this.#app.tokens.roleOf(token);
  }

  /**
   * Whether a request may come in at all: on loopback only under a name of this machine, so that no page of the web
   * reaches it by a name of its own that points here; from a browser only from a page of this server.
   */
  isWelcome({ host, origin }: IncomingHttpHeaders): boolean {
    const name = hostName(`http://${host ?? ''}`);
    if (isLoopback(this.#host) && (name === null || !isLoopback(name))) return false;
    return origin === undefined || origin.replace(/^https?:\/\//, '') === host;
  }
}

function hostName(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : null;
}
