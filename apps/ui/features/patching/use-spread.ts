'use client';
/** Fetches what every single pair shows, and gives the spread over pairs of the chosen columns. */
import { useQueries } from '@tanstack/react-query';
import { execute } from '../../client/execute.ts';
import { PatchingOfPairDocument } from '../../graphql/graphql.ts';
import type { Matrix } from './grid-view.ts';
import type { Measure } from './measure.ts';
import { spreadOverPairs } from './spread.ts';

export interface PairBaselines {
  metricClean?: number | null;
  metricCorrupted?: number | null;
}

interface SpreadOptions {
  experimentId: string;
  activation: string;
  pairs: readonly PairBaselines[];
}

/** `spreadOf(column, measure)`: a value a layer; empty until every pair has been read. */
export function useSpread({ experimentId, activation, pairs }: SpreadOptions) {
  const answers = useQueries({
    queries: pairs.map((_, pair) => {
      const variables = { id: experimentId, activation, pair };
      return {
        queryKey: [PatchingOfPairDocument.toString(), variables],
        queryFn: ({ signal }: { signal: AbortSignal }) => execute(PatchingOfPairDocument, { variables, signal }),
        staleTime: Infinity,
      };
    }),
  });
  const matrices = answers.flatMap(({ data }): Matrix[] => data?.experiment?.patchingGrids.map((g) => g.values) ?? []);
  return (column: number, measure: Measure): (number | null)[] => {
    if (matrices.length !== pairs.length) return [];
    const runs = matrices.map((matrix, i) => ({
      metricClean: pairs[i]?.metricClean,
      metricCorrupted: pairs[i]?.metricCorrupted,
      values: matrix.map((row) => row?.[column] ?? null),
    }));
    return spreadOverPairs(runs, measure);
  };
}
