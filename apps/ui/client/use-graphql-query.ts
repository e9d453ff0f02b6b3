'use client';
/** A GraphQL query through the cache of answers; its key is the document and the variables. */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { TypedDocumentString } from '../graphql/graphql.ts';
import { execute } from './execute.ts';

export interface QueryOptions<T> {
  /** Keeps the last answer on the page while the next one comes. */
  keepPrevious?: boolean;
  /** Asks again every few seconds while this holds of the answer, for where no web socket comes through. */
  pollWhile?: (answer: T) => boolean;
}

const pollMs = 4_000;

export function useGraphqlQuery<T, V>(
  document: TypedDocumentString<T, V>,
  variables: V,
  { keepPrevious = false, pollWhile }: QueryOptions<T> = {},
): UseQueryResult<T, Error> {
  return useQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal }) => execute(document, { variables, signal }),
    placeholderData: keepPrevious ? keepPreviousData : undefined,
    refetchInterval: ({ state }) => (state.data !== undefined && pollWhile?.(state.data) ? pollMs : false),
  });
}
