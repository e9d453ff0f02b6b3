/** Registered models: where the weights lie and what they are. The weights themselves are never stored. */
import { pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, id, moment } from './columns.ts';
import { jsonColumn } from './json-column.ts';

export const models = pgTable('models', {
  id: id(),
  slug: text('slug').notNull().unique(),
  sourcePath: text('source_path').notNull(),
  format: text('format').notNull(),
  family: text('family').notNull(),
  config: jsonColumn('config').notNull(),
  weightsSha256: text('weights_sha256'),
  tokenizerSha256: text('tokenizer_sha256'),
  chatTemplateSha256: text('chat_template_sha256'),
  revision: text('revision'),
  dtype: text('dtype'),
  record: jsonColumn('record'),
  createdAt: createdAt(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

export type Model = typeof models.$inferSelect;
