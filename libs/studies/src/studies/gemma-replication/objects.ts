/** Which pairs the replication runs on: those whose object is one token on this model, and what fell out by name. */
import { builtInPairs, type ResolvedPair } from '@demur/interp';
import type { CheckedClaim } from '../../claims.ts';
import type { Table } from '../../figure.ts';
import type { RefusalContrast, ReportSection } from '../../report.ts';
import type { StudyGiven } from '../../study.ts';
import { counted, listed, number } from '../../wording.ts';
import { checkedClaim } from './claims.ts';

export interface ChosenPairs {
  pairs: ResolvedPair[];
  section: ReportSection;
  claims: CheckedClaim[];
}

/** Pairs without an object, or without one of one token, are taken as they are. */
export function choosePairs(given: StudyGiven, refusal: RefusalContrast): ChosenPairs {
  const all = given.dataSet.pairs;
  const single = all.filter((pair) => objectOf(pair).length === 1);
  const long = all.filter((pair) => objectOf(pair).length > 1);
  const leftOut = leftOutOf(given);
  const pairs = single.length > 0 ? single : all;
  const told = objectSentence({ all, single, long, leftOut }, given);
  const hasObjects = single.length + long.length > 0;
  const hasLong = long.length + leftOut.length > 0;
  return {
    pairs,
    section: {
      title: 'The objects',
      paragraphs: [told, sizeSentence(refusal)],
      figures: [],
      tables: hasLong ? [objectTable(long, leftOut, given)] : [],
    },
    claims: [
      checkedClaim('absolute-scores', null, `${sizeSentence(refusal)} One model alone cannot tell.`),
      checkedClaim(
        'several-tokens',
        hasObjects ? hasLong : null,
        hasObjects ? `${told} One of several tokens, or left out, counts.` : told,
      ),
    ],
  };
}

function objectOf({ roles = {} }: ResolvedPair): readonly number[] {
  return roles['object'] ?? [];
}

/** Sentences on words of a data set that comes along which gave no pair on this model. */
function leftOutOf({ pairs, tokenizer, seed }: StudyGiven): string[] {
  if (typeof pairs !== 'string' || tokenizer === null) return [];
  return builtInPairs(pairs, { tokenizer, seed })?.dropped ?? [];
}

type Sorted = Record<'all' | 'single' | 'long', ResolvedPair[]> & { leftOut: string[] };

function objectSentence({ all, single, long, leftOut }: Sorted, { tokenizer }: StudyGiven): string {
  if (single.length + long.length === 0)
    return `The pairs do not say where their object is (no role "object"), so its tokens are not counted, and none is left out of ${counted(all.length, 'pair')}.`;
  const words = long.flatMap((pair) => objectWords(pair, tokenizer));
  const named =
    words.length === 0 ? '' : `: ${listed(words.slice(0, MOST_NAMED))}${words.length > MOST_NAMED ? ' and more' : ''}`;
  const without =
    leftOut.length === 0 ? '' : ` ${counted(leftOut.length, 'word')} of the data set gave no pair at all.`;
  const counts = `The object is one token in ${single.length} of ${counted(all.length, 'pair')} on this model, and several in ${long.length}${named}.${without}`;
  return `${counts} ${single.length > 0 ? `The study runs on the ${counted(single.length, 'pair')} of one token.` : 'As none is one token, the study runs on all of them.'}`;
}

/** Words that a sentence names at most; the table has all. */
const MOST_NAMED = 12;

/** Both objects of a pair, or none where the model has no tokenizer. */
function objectWords(pair: ResolvedPair, tokenizer: StudyGiven['tokenizer']): string[] {
  if (tokenizer === null) return [];
  return [pair.clean, pair.corrupted].map((tokens) => tokenizer.decode(objectOf(pair).map((at) => tokens[at]!)).trim());
}

function objectTable(long: ResolvedPair[], leftOut: string[], { tokenizer }: StudyGiven): Table {
  const pairRows = long.map((pair) => [
    objectWords(pair, tokenizer).join(' / ') || 'a pair',
    `${objectOf(pair).length} tokens`,
  ]);
  const wordRows = leftOut.map((sentence) => [
    sentence.slice(0, sentence.indexOf(':')),
    sentence.slice(sentence.indexOf(':') + 2),
  ]);
  return { title: 'What fell out', columns: ['object', 'why'], rows: [...pairRows, ...wordRows] };
}

function sizeSentence({ clean, corrupted }: RefusalContrast): string {
  return `The metric is ${number(clean.mean)} on average after harmful prompts and ${number(corrupted.mean)} after harmless ones.`;
}
