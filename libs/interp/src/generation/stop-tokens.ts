/** The tokens that end a completion: the model's and the tokenizer's own, where asked for, and those that the spec names. */
import type { ModelConfig, Tokenizer } from '@demur/model';
import { encodeToken } from '../dataset/encode.ts';
import { UnknownTokenError } from '../dataset/errors.ts';
import type { ExperimentSpec } from '../spec.ts';

/** The spec with every stop token by id. @throws PairError naming the place for text that is not one token */
export function stopTokensOf(
  spec: ExperimentSpec,
  { config, tokenizer }: { config: ModelConfig; tokenizer: Tokenizer | null },
): ExperimentSpec {
  if (spec.kind !== 'steering' && spec.kind !== 'generation') return spec;
  const extra = spec.options.stopTokens.map((token, i) => {
    const path = `options.stopTokens[${i}]`;
    const id = encodeToken(token, tokenizer, path);
    if (id >= config.dVocab) throw new UnknownTokenError(path, id, config.dVocab);
    return id;
  });
  const eos = [...config.eosTokenIds, ...(tokenizer?.eosTokenId == null ? [] : [tokenizer.eosTokenId])];
  const stopTokens = [...new Set([...extra, ...(spec.options.stopAtEos ? eos : [])])];
  return { ...spec, options: { ...spec.options, stopTokens } } as ExperimentSpec;
}
