/** A data set to token ids, checked: what a run starts from. */
import type { PairSpec } from '../spec/pair.ts';
import { encodePrompt, encodeToken } from './encode.ts';
import { PairError } from './errors.ts';
import { lintPair, type PairContext } from './lint.ts';
import type { ResolvedPair } from './resolved-pair.ts';
import { givenRoles, joinedRoles } from './roles.ts';
import { pairWarnings } from './warnings.ts';

export interface ResolvedDataSet {
  pairs: ResolvedPair[];
  /** Sentences about what runs but deserves a look. */
  warnings: string[];
}

/**
 * Tokenises and checks `pairs` against a model. Pairs may differ in length from each other.
 * Throws `PairError` naming the pair, the value and the fix. No tokenizer is needed where everything is given by id.
 */
export function resolvePairs(pairs: PairSpec[], context: PairContext): ResolvedDataSet {
  const resolved = pairs.map((pair, at) => resolvePair(pair, `pairs[${at}]`, context));
  return {
    pairs: resolved,
    warnings: pairWarnings(
      resolved.map((pair, at) => ({ at, pair })),
      context.tokenizer,
    ),
  };
}

export interface LintedDataSet {
  /** Those without a mistake, in their order. */
  usable: PairSpec[];
  errors: PairError[];
  warnings: string[];
}

/** Every mistake in a data set, not only the first, its warnings, and what is left of it. */
export function lintPairs(pairs: PairSpec[], context: PairContext): LintedDataSet {
  const errors: PairError[] = [];
  const resolved = pairs.flatMap((pair, at) => {
    try {
      return [{ at, pair: resolvePair(pair, `pairs[${at}]`, context) }];
    } catch (error) {
      if (!(error instanceof PairError)) throw error;
      errors.push(error);
      return [];
    }
  });
  const usable = resolved.map(({ at }) => pairs[at]!);
  return { usable, errors, warnings: pairWarnings(resolved, context.tokenizer) };
}

function resolvePair(pair: PairSpec, path: string, context: PairContext): ResolvedPair {
  const clean = encodePrompt(pair.clean, context.tokenizer, `${path}.clean`);
  const corrupted = encodePrompt(pair.corrupted, context.tokenizer, `${path}.corrupted`);
  const resolved = {
    clean: clean.tokens,
    corrupted: corrupted.tokens,
    answer: encodeToken(pair.answer, context.tokenizer, `${path}.answer`),
    distractor: encodeToken(pair.distractor, context.tokenizer, `${path}.distractor`),
    firstDifference: firstDifference(clean.tokens, corrupted.tokens),
  };
  lintPair(resolved, path, context);
  const roles = joinedRoles(
    [
      { says: 'clean', roles: clean.roles },
      { says: 'corrupted', roles: corrupted.roles },
      { says: '"roles"', roles: givenRoles(pair.roles, clean.tokens.length, `${path}.roles`) },
    ],
    path,
  );
  return Object.keys(roles).length === 0 ? resolved : { ...resolved, roles };
}

/** Index of the first token that differs; the length where none does. */
function firstDifference(clean: number[], corrupted: number[]): number {
  const at = clean.findIndex((id, column) => id !== corrupted[column]);
  return at < 0 ? clean.length : at;
}
