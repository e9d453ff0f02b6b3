/** API tokens, as the server needs them: whether there are any, and whose one is. */
import { createApiToken, listApiTokens, verifyApiToken, type Database } from '@demur/db';
import type { Role } from '../roles.ts';

export class Tokens {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether any token holds. */
  async exist(): Promise<boolean> {
    return (await listApiTokens(this.#database)).some((token) => token.revokedAt === null);
  }

  /** The role of a token; null if it is unknown or revoked. */
  async roleOf(token: string): Promise<Role | null> {
    const known = await verifyApiToken(this.#database, token);
    return known === undefined ? null : (known.role.toLowerCase() as Role);
  }

  /** A new token. This is the only time that it can be read. */
  async create(name: string, role: Role): Promise<string> {
    const { token } = await createApiToken(this.#database, { name, role: role.toUpperCase() as Uppercase<Role> });
    return token;
  }
}
