import { parseSpec, type PairSpec } from '@demur/interp';

/** Pairs read from JSON by the same rules as a spec's. Throws `SpecError` with the path, such as `pairs[3].answer`. */
export function parsePairs(pairs: unknown[]): PairSpec[] {
  const spec = parseSpec({ kind: 'attribution', model: 'none', pairs });
  return spec.pairs as PairSpec[];
}
