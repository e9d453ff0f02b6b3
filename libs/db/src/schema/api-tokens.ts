/** API tokens, as the SHA-256 of their 256 random bits; the token itself is shown once and never stored. */
import { pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, id, moment } from './columns.ts';

export const apiTokenRoles = ['READER', 'RUNNER', 'ADMIN'] as const;
export type ApiTokenRole = (typeof apiTokenRoles)[number];

export const apiTokens = pgTable('api_tokens', {
  id: id(),
  name: text('name').notNull(),
  role: text('role', { enum: apiTokenRoles }).notNull(),
  tokenSha256: text('token_sha256').notNull().unique(),
  createdAt: createdAt(),
  lastUsedAt: moment('last_used_at'),
  revokedAt: moment('revoked_at'),
});

export type ApiToken = typeof apiTokens.$inferSelect;
