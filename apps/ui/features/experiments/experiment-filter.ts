/** The list's filter as it stands in the address, and as the API takes it. */
import { known } from '../../client/url-choice.ts';
import type { ExperimentFilter, ExperimentKind, ExperimentStatus } from '../../graphql/graphql.ts';
import { kindNames, statusNames } from './kinds.ts';

/** Reads `?kind=&status=&model=`; a value that names nothing is left out. */
export function experimentFilter(params: URLSearchParams): ExperimentFilter {
  return {
    kinds: known<ExperimentKind>(params.get('kind'), kindNames),
    statuses: known<ExperimentStatus>(params.get('status'), statusNames),
    model: params.get('model') ?? undefined,
  };
}
