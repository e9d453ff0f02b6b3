/** The first 10,000 edges of each circuit by |score|, for questions across experiments. The matrix stays the truth. */
import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { circuits } from './circuits.ts';
import { float32Column } from './float32-column.ts';

export const nodeKinds = ['INPUT', 'HEAD', 'KV_HEAD', 'MLP', 'LOGITS'] as const;
export type NodeKind = (typeof nodeKinds)[number];
export const ports = ['Q', 'K', 'V', 'IN'] as const;
export type Port = (typeof ports)[number];

export const circuitEdges = pgTable(
  'circuit_edges',
  {
    circuitId: text('circuit_id')
      .notNull()
      .references(() => circuits.id, { onDelete: 'cascade' }),
    /** 1 is the largest |score|. */
    rank: integer('rank').notNull(),
    score: float32Column('score').notNull(),
    /** Node names without the port: `m0`, `a1.h2`, `a1.kv0`, `logits`. */
    sender: text('sender').notNull(),
    receiver: text('receiver').notNull(),
    port: text('port', { enum: ports }).notNull(),
    senderKind: text('sender_kind', { enum: nodeKinds }).notNull(),
    senderLayer: integer('sender_layer'),
    senderHead: integer('sender_head'),
    receiverKind: text('receiver_kind', { enum: nodeKinds }).notNull(),
    receiverLayer: integer('receiver_layer'),
    receiverHead: integer('receiver_head'),
  },
  (table) => [
    primaryKey({ columns: [table.circuitId, table.rank] }),
    index('circuit_edges_sender').on(table.sender, table.rank),
    index('circuit_edges_receiver').on(table.receiver, table.port, table.rank),
  ],
);

export type CircuitEdge = typeof circuitEdges.$inferSelect;
