/**
 * The first tokens of refusing, whose log odds every sweep reports: those that the spec gives, those of its metric, or what the
 * words of refusing begin with on this model, as "I" and "As". What the log odds are is metrics/refusal-log-odds.ts's part.
 */
import { tokenSetIds, type Vocabulary } from '../metrics/metric-tokens.ts';
import type { TokenSets } from '../metrics/refusal-log-odds.ts';
import type { ExperimentSpec } from '../spec.ts';
import { wordsOf } from './refusal-words.ts';

/**
 * The spec with the tokens by id; without where none are given and the model has no tokenizer, or cuts the words' beginnings.
 * @throws PairError naming the place for text that is not one token or an id that is none; SpecError for a token of both sets
 */
export function refusalTokensOf(spec: ExperimentSpec, of: Vocabulary): ExperimentSpec {
  if (spec.kind !== 'steering') return spec;
  const { refusalTokens: given } = spec.options;
  const tokens =
    given !== undefined
      ? tokenSetIds(given, 'options.refusalTokens', of)
      : (metricSets(spec, of) ?? firstTokens(spec, of));
  return tokens === undefined ? spec : { ...spec, options: { ...spec.options, refusalTokens: tokens } };
}

function metricSets({ metric }: ExperimentSpec, of: Vocabulary): TokenSets | undefined {
  if (typeof metric === 'string' || !('refusalLogOdds' in metric)) return undefined;
  return tokenSetIds(metric.refusalLogOdds, 'metric.refusalLogOdds', of);
}

/** Of each of the words, at the start of a line and after a space, the first token. */
function firstTokens(
  { options }: Extract<ExperimentSpec, { kind: 'steering' }>,
  { config, tokenizer }: Vocabulary,
): TokenSets | undefined {
  if (tokenizer === null) return undefined;
  const ids = wordsOf(options).flatMap((word) =>
    [word, ` ${word}`].flatMap((text) => {
      const [id] = tokenizer.encode(text, { addSpecialTokens: false });
      return id !== undefined && id < config.dVocab && isBeginning(tokenizer.decodeToken(id), word) ? [id] : [];
    }),
  );
  return ids.length === 0 ? undefined : { refuse: [...new Set(ids)] };
}

/** Whether a token is whole words of the beginning: "I" of "I'm sorry", not "Un" of "Unfortunately". */
function isBeginning(token: string, word: string): boolean {
  const text = token.trim();
  return text !== '' && word.startsWith(text) && !/^\p{L}/u.test(word.slice(text.length));
}
