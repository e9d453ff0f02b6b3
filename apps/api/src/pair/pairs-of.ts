import type { NamedArray, ResultJson } from '@demur/interp';
import type { Pair, Token } from './pair.type.ts';

type ResultPair = ResultJson['pairs'][number];

/** The pairs of a result with the metric that the experiment measured before any change; arrays are [pair]. */
export function pairsOf(result: ResultJson, baselines: { clean?: NamedArray; corrupted?: NamedArray }): Pair[] {
  return result.pairs.map((pair, index) => ({
    index,
    clean: tokensOf(pair.clean),
    corrupted: tokensOf(pair.corrupted),
    answer: pair.answer,
    distractor: pair.distractor,
    firstDifference: pair.firstDifference,
    metricClean: baselines.clean?.values[index] ?? null,
    metricCorrupted: baselines.corrupted?.values[index] ?? null,
  }));
}

function tokensOf({ tokens, strings }: ResultPair['clean']): Token[] {
  return tokens.map((id, position) => ({ id, string: strings[position]! }));
}
