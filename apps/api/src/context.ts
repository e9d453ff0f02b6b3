/** What every resolver gets: the application and the caller's role. */
import type { App } from './app.ts';
import type { Role } from './roles.ts';

/** The GraphQL context of one request. */
export interface Context {
  app: App;
  /** null for a caller without a token where tokens are required. */
  role: Role | null;
}
