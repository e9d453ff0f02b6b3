import type { CompletionInput } from '@demur/db';
import type { ResultJson } from '@demur/interp';

/** The completions of a result as rows: a steering has them for every coefficient, a generation once. */
export function completionRows({ spec, completions }: ResultJson): CompletionInput[] {
  const coefficients = spec.kind === 'steering' ? spec.options.coefficients : [null];
  const sweep = spec.kind === 'steering' ? completions : [completions];
  return ((sweep ?? []) as (ResultCompletion[] | undefined)[]).flatMap((pairs = [], coefficientIndex) =>
    pairs.map((completion, pairIndex) => ({
      ...{ coefficientIndex, pairIndex, coefficient: coefficients[coefficientIndex] ?? null },
      ...completion,
    })),
  );
}

type ResultCompletion = Pick<CompletionInput, 'tokens' | 'text' | 'finish'>;
