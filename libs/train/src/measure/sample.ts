/** Some of many, chosen by what they say and not by their order: the same ones each time. */
import { textHash } from '../text-hash.ts';

/** At most `count` of a list of examples, those whose texts hash lowest. */
export function sampleOf<Of extends { request: string; answer: string }>(examples: readonly Of[], count: number): Of[] {
  const rank = ({ request, answer }: Of): number => textHash(`sample|${request}|${answer}`);
  return examples.toSorted((a, b) => rank(a) - rank(b)).slice(0, count);
}
