/** What a sweep shows, for result.json: of every coefficient the means over pairs, and the share of pairs that it flips. No tensors. */
import type { SpecOf, SummaryContext } from '../kinds/kind.ts';
import type { TokenSets } from '../metrics/refusal-log-odds.ts';
import type { NamedArray } from '../named-array.ts';
import { tokenString, type ResultToken } from '../result.ts';

/** One coefficient. */
export interface SweepRow {
  coefficient: number;
  /** Means over pairs. */
  metric: number;
  /** Share of pairs whose metric has another sign than in the plain run; null for a metric that has but one. */
  flips: number | null;
  /** KL(plain run || this run) of the next token, in nats. */
  kl: number;
  /** Log odds of refusing by the first token; null where its tokens are not known. */
  logOdds: number | null;
}

export interface SweepSummary {
  sweep: SweepRow[];
  /** Where they were given, or found; without `comply` against all other tokens. */
  refusalTokens?: { refuse: ResultToken[]; comply?: ResultToken[] };
}

type Arrays = Record<string, NamedArray>;

export function summariseSweep(
  { metric, options }: SpecOf<'steering'>,
  arrays: Arrays,
  { shardSpec, tokenizer }: Pick<SummaryContext<'steering'>, 'shardSpec' | 'tokenizer'>,
): SweepSummary {
  const baseline = arrays[`baseline.${options.run}`]!.values;
  const of = (name: string, c: number): Float32Array | undefined =>
    arrays[name]?.values.subarray(c * baseline.length, (c + 1) * baseline.length);
  const sweep = options.coefficients.map((coefficient, c): SweepRow => ({
    coefficient,
    metric: mean(of('metric', c)!),
    flips: ONE_SIGN.includes(metric) ? null : share(of('metric', c)!, (value, p) => value > 0 !== baseline[p]! > 0),
    kl: mean(of('kl', c)!),
    logOdds: arrays['log_odds'] === undefined ? null : mean(of('log_odds', c)!),
  }));
  const sets = shardSpec.options.refusalTokens as TokenSets | undefined;
  if (sets === undefined) return { sweep };
  const shown = (ids: readonly number[]): ResultToken[] =>
    ids.map((id) => ({ id, string: tokenString(id, tokenizer) }));
  const refusalTokens = { refuse: shown(sets.refuse), ...(sets.comply && { comply: shown(sets.comply) }) };
  return { sweep, refusalTokens };
}

/** Metrics that are never positive, or never negative. */
const ONE_SIGN: unknown[] = ['answer-logprob', 'kl-divergence'];

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function share(values: Float32Array, holds: (value: number, index: number) => boolean): number {
  return values.filter(holds).length / values.length;
}
