/** The list's filter as it stands in the address, and as the API takes it. */
import type { ExperimentFilter, ExperimentKind, ExperimentStatus } from '../../graphql/graphql.ts';
import { kindNames, statusNames } from './kinds.ts';

const known = <T extends string>(value: string | null, names: Record<T, string>): T[] | undefined =>
  value !== null && Object.hasOwn(names, value) ? [value as T] : undefined;

/** Reads `?kind=&status=&model=`; a value that names nothing is left out. */
export function experimentFilter(params: URLSearchParams): ExperimentFilter {
  return {
    kinds: known<ExperimentKind>(params.get('kind'), kindNames),
    statuses: known<ExperimentStatus>(params.get('status'), statusNames),
    model: params.get('model') ?? undefined,
  };
}

export const isFiltered = (filter: ExperimentFilter): boolean =>
  Object.values(filter).some((value) => value !== undefined);
