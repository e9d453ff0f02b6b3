/** Columns that several tables share. Not a table. */
import { text, timestamp } from 'drizzle-orm/pg-core';
import { newId } from '../new-id.ts';

/** The primary key of every table: a UUID of version 7, so that ids sort by time. */
export const id = () => text('id').primaryKey().$defaultFn(newId);

/** A moment with time zone, to the millisecond: what a JavaScript Date can hold. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** When the row was written, by the database's clock. */
export const createdAt = () => moment('created_at').notNull().defaultNow();
