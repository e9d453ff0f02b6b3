/** A study's pairs as specs of some of them, by token ids: nothing is tokenised twice, and roles stay where they are. */
import type { PairSpec, ResolvedPair } from '@demur/interp';

/** Roles that every pair gets by itself, and none can be given. */
const OWN_ROLES = ['last', 'difference', 'template'];

export function pairSpecOf({ clean, corrupted, answer, distractor, roles = {} }: ResolvedPair): PairSpec {
  const given = Object.entries(roles).filter(([name]) => !OWN_ROLES.includes(name));
  const spec = { clean: { tokens: clean }, corrupted: { tokens: corrupted }, answer, distractor };
  if (given.length === 0) return spec;
  return { ...spec, roles: Object.fromEntries(given.map(([name, positions]) => [name, [...positions]])) };
}

/** Fewer pairs are not worth halving: what they find is tried on themselves. */
const LEAST_TO_HALVE = 8;

/** Pairs to find something with, and others to try it on. */
export interface PairHalves {
  finding: PairSpec[];
  testing: PairSpec[];
  /** Whether these are other pairs. */
  areApart: boolean;
}

/** Every second pair finds, the others test; all do both where they are few. */
export function pairHalves(pairs: readonly ResolvedPair[]): PairHalves {
  const specs = pairs.map(pairSpecOf);
  if (specs.length < LEAST_TO_HALVE) return { finding: specs, testing: specs, areApart: false };
  return {
    finding: specs.filter((_, at) => at % 2 === 0),
    testing: specs.filter((_, at) => at % 2 === 1),
    areApart: true,
  };
}
