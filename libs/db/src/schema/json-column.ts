/** A JSON column that keeps the document as it was written. Not jsonb, which reorders keys and refuses \u0000. */
import { customType } from 'drizzle-orm/pg-core';

/**
 * Type `json`: the text is kept, so a result read back is byte for byte the result that was written.
 * Drizzle's own JSON columns parse a string value a second time ("3" would come back as 3); this one does not.
 */
export const jsonColumn = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'json',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => value,
});
