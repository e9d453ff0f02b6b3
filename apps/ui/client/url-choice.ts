/** Conditions of a list, as they stand in the address. */

/** A parameter as a list of one, where it is one of those that have names; a value that names nothing is left out. */
export const known = <T extends string>(value: string | null, names: Record<T, string>): T[] | undefined =>
  value !== null && Object.hasOwn(names, value) ? [value as T] : undefined;

export const isFiltered = (filter: object): boolean => Object.values(filter).some((value) => value !== undefined);
