/** The token sets of a metric, from what a spec gives to ids. */
import type { ModelConfig, Tokenizer } from '@demur/model';
import { encodeToken, tokenText } from '../dataset/encode.ts';
import { UnknownTokenError } from '../dataset/errors.ts';
import { SpecError } from '../spec/errors.ts';
import type { TokenSetsSpec } from '../spec/metric.ts';
import type { TokenSpec } from '../spec/pair.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { TokenSets } from './refusal-log-odds.ts';

export interface Vocabulary {
  config: Pick<ModelConfig, 'dVocab'>;
  tokenizer: Tokenizer | null;
}

/**
 * The spec with every token of its metric by id, each once.
 * @throws PairError naming the place for text that is not one token or an id that is none; SpecError for a token of both sets
 */
export function metricTokensOf(spec: ExperimentSpec, of: Vocabulary): ExperimentSpec {
  const { metric } = spec;
  if (typeof metric === 'string' || !('refusalLogOdds' in metric)) return spec;
  return { ...spec, metric: { refusalLogOdds: tokenSetIds(metric.refusalLogOdds, 'metric.refusalLogOdds', of) } };
}

/** Token sets by id, each token once. `path` is for errors, which are those of `metricTokensOf`. */
export function tokenSetIds(sets: TokenSetsSpec, path: string, of: Vocabulary): TokenSets {
  const refuse = ids(sets.refuse, `${path}.refuse`, of);
  const comply = sets.comply === undefined ? undefined : ids(sets.comply, `${path}.comply`, of);
  requireApart(refuse, comply, { path, ...of });
  return { refuse: [...new Set(refuse)], ...(comply && { comply: [...new Set(comply)] }) };
}

function ids(tokens: readonly TokenSpec[], path: string, { config: { dVocab }, tokenizer }: Vocabulary): number[] {
  return tokens.map((token, i) => {
    const id = encodeToken(token, tokenizer, `${path}[${i}]`);
    if (id >= dVocab) throw new UnknownTokenError(`${path}[${i}]`, id, dVocab);
    return id;
  });
}

/** A token that speaks for both sides, or no token for the other, makes odds of nothing. */
function requireApart(
  refuse: readonly number[],
  comply: readonly number[] | undefined,
  { path, config, tokenizer }: Vocabulary & { path: string },
): void {
  const both = comply?.findIndex((id) => refuse.includes(id)) ?? -1;
  if (both >= 0) {
    const message = `token ${tokenText(comply![both]!, tokenizer)} is among "refuse" as well; give it once`;
    throw new SpecError([{ path: `${path}.comply[${both}]`, message }]);
  }
  if (comply === undefined && new Set(refuse).size >= config.dVocab)
    throw new SpecError([
      { path: `${path}.refuse`, message: 'names the whole vocabulary, so that no token is left for complying' },
    ]);
}
