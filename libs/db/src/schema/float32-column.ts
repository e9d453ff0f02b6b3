/** A column of single precision that gives back the very number: the text of a `real`, read as a double, is another. */
import { customType } from 'drizzle-orm/pg-core';

export const float32Column = customType<{ data: number; driverData: number | string }>({
  dataType: () => 'real',
  fromDriver: (value) => Math.fround(Number(value)),
});
