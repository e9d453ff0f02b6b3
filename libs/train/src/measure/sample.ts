/** Some of many, chosen by what they say and not by their order: the same ones each time. */
import { textHash } from '../text-hash.ts';

/** At most `count` of a list of examples, those whose texts hash lowest. */
export function sampleOf<Of extends { request: string; answer: string }>(examples: readonly Of[], count: number): Of[] {
  const ranked = examples.map((of) => ({ of, rank: textHash(`sample|${of.request}|${of.answer}`) }));
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ of }) => of);
}
