/**
 * Greater-than (Hanna et al. 2023, arXiv 2305.00586): `The war lasted from the year 1732 to the year 17` is answered by a year
 * above 32. Corrupted starts in the year 01, after which every year is as good.
 */
import { randomStream, type Tokenizer } from '@demur/model';
import type { PairSpec } from '../spec/pair.ts';
import { encodePrompt } from './encode.ts';
import { NoPairsError } from './errors.ts';
import { readData } from './read-data.ts';
import type { MadePairs, PromptTemplate } from './template.ts';

interface GreaterThanWords {
  template: string;
  nouns: string[];
}

const centuries = ['11', '12', '13', '14', '15', '16', '17'];

/** Two digits. */
const years = Array.from({ length: 98 }, (_, i) => String(i + 1).padStart(2, '0'));

/** A year that is one token after its century. */
interface Year {
  text: string;
  century: string;
}

/**
 * `count` pairs; the answer is a year after the start year, the distractor one before it, each any of them. Only years
 * that are a token of their own after their century, as on GPT-2. The same seed gives the same pairs. Throws `NoPairsError`.
 */
export function greaterThanPairs(tokenizer: Tokenizer, { count, seed }: { count: number; seed: number }): MadePairs {
  const { template, nouns } = readData<GreaterThanWords>('greater-than');
  const prompt = (noun: string, { century, text }: Year): PromptTemplate => ({
    text: template,
    slots: { noun, century, year: text },
  });
  const dropped: string[] = [];
  const fitting = centuries.flatMap((century) => {
    const inCentury = years.map((text) => ({ century, text }));
    const fit = inCentury.filter((year) => isOneToken(prompt('war', year), year.text, tokenizer));
    if (fit.length < inCentury.length)
      dropped.push(
        `years of ${century}..: ${inCentury.length - fit.length} of 98 are not one token after their century`,
      );
    return fit.length > 0 && fit[0]!.text === '01' ? [fit] : [];
  });
  const starts = fitting.flatMap((fit) => fit.slice(2, -1).map((year, i) => ({ year, fit, at: i + 2 })));
  if (starts.length === 0) throw new NoPairsError(dropped);
  const random = randomStream(seed, 0);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const pairs = Array.from({ length: count }, (): PairSpec => {
    const [noun, { year, fit, at }] = [pick(nouns), pick(starts)];
    return {
      clean: prompt(noun, year),
      corrupted: prompt(noun, fit[0]!),
      ...{ answer: pick(fit.slice(at + 1)).text, distractor: pick(fit.slice(1, at)).text },
    };
  });
  return { pairs, dropped };
}

/** Whether the year, and its century at both places, are one token each, and the year by itself is the same token. */
function isOneToken(prompt: PromptTemplate, year: string, tokenizer: Tokenizer): boolean {
  const { tokens, roles } = encodePrompt(prompt, tokenizer, 'year');
  const [at, ...more] = roles['year']!;
  const century = roles['century']!;
  if (at === undefined || more.length > 0 || century.length !== 2 || century.includes(at)) return false;
  const alone = tokenizer.encode(year, { addSpecialTokens: false });
  return alone.length === 1 && alone[0] === tokens[at];
}
