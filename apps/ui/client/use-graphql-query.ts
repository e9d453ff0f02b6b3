'use client';
/** A GraphQL query through the cache of answers; its key is the document and the variables. */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { TypedDocumentString } from '../graphql/graphql.ts';
import { execute } from './execute.ts';

export interface QueryOptions {
  /** Keeps the last answer on the page while the next one comes. */
  keepPrevious?: boolean;
  enabled?: boolean;
  /** Milliseconds; false for never. */
  refetchInterval?: number | false;
}

export function useGraphqlQuery<T, V>(
  document: TypedDocumentString<T, V>,
  variables: V,
  { keepPrevious = false, ...options }: QueryOptions = {},
): UseQueryResult<T, Error> {
  return useQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal }) => execute(document, { variables, signal }),
    placeholderData: keepPrevious ? keepPreviousData : undefined,
    ...options,
  });
}
