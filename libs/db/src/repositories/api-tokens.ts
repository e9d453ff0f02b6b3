/** API tokens. A token is 256 random bits, so its plain SHA-256 cannot be turned back; it is shown once. */
import { createHash, randomBytes } from 'node:crypto';
import { and, asc, eq, getTableColumns, isNull, lt, or, sql } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { apiTokens, type ApiToken, type ApiTokenRole } from '../schema/api-tokens.ts';

/** What may be shown of a token. */
export type ApiTokenSummary = Omit<ApiToken, 'tokenSha256'>;

const { tokenSha256: _, ...shown } = getTableColumns(apiTokens);

/** Creates a token; this is the only time that it can be read. */
export async function createApiToken(
  session: Session,
  input: { name: string; role: ApiTokenRole },
): Promise<{ token: string; apiToken: ApiTokenSummary }> {
  const token = `demur_${randomBytes(32).toString('base64url')}`;
  const [apiToken] = await session.orm
    .insert(apiTokens)
    .values({ ...input, tokenSha256: sha256(token) })
    .returning(shown);
  return { token, apiToken: apiToken! };
}

/** Whose token it is; undefined if it is unknown or revoked. Notes its use, once a minute at most. */
export async function verifyApiToken(session: Session, token: string): Promise<ApiTokenSummary | undefined> {
  const isIt = and(eq(apiTokens.tokenSha256, sha256(token)), isNull(apiTokens.revokedAt));
  const [apiToken] = await session.orm.select(shown).from(apiTokens).where(isIt);
  if (!apiToken) return undefined;
  const isStale = or(isNull(apiTokens.lastUsedAt), lt(apiTokens.lastUsedAt, sql`now() - interval '1 minute'`));
  await session.orm
    .update(apiTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiTokens.id, apiToken.id), isStale));
  return apiToken;
}

/** Ends a token; false if there is none of this id that still holds. */
export async function revokeApiToken(session: Session, id: string): Promise<boolean> {
  const revoked = await session.orm
    .update(apiTokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt)))
    .returning({ id: apiTokens.id });
  return revoked.length > 0;
}

/** All tokens in the order they were made, without their hashes. */
export function listApiTokens(session: Session): Promise<ApiTokenSummary[]> {
  return session.orm.select(shown).from(apiTokens).orderBy(asc(apiTokens.id));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
