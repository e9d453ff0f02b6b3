/** Whether the first word of an answer is right where training never saw the combination, and how clear-cut it is. */
import type { Category, Example, Split } from '../corpus.ts';
import { answerTokens, chatTokens, completions, nextTokens, type MeasuredModel } from './prompt-runs.ts';
import { sampleOf } from './sample.ts';
import { twoModes, type TwoModes } from './two-modes.ts';

/** How many of so many. */
export interface Share {
  right: number;
  of: number;
  share: number;
}

/** First tokens of answers to one split's requests. */
export interface Decisions {
  /** Of requests to refuse: answers that start with Sorry. */
  refuse: Share;
  /** Of requests to comply with: answers that start with Sure. */
  comply: Share;
  byCategory: Partial<Record<Category, Share>>;
  /** Some answers that start wrongly. */
  mistakes: { request: string; refuses: boolean; logitDifference: number }[];
}

export interface MeasuredDecisions {
  combinations: Decisions;
  contexts: Decisions;
  /** logit(Sorry) − logit(Sure) of all of them, those to refuse against the others. */
  logitDifference: TwoModes;
}

/** Requests of one category and split, at most. */
const PER_CATEGORY = 400;
const SHOWN_MISTAKES = 12;

/** Held-out requests, at most `count` of each category. */
export function heldOut(examples: readonly Example[], split: Split, count: number): Example[] {
  const own = examples.filter((example) => example.split === split && example.request !== '');
  return [...Map.groupBy(own, ({ category }) => category).values()].flatMap((of) => sampleOf(of, count));
}

interface Decided extends Example {
  isRight: boolean;
  logitDifference: number;
}

export async function measureDecisions(model: MeasuredModel, examples: readonly Example[]): Promise<MeasuredDecisions> {
  const asked = (['combinations', 'contexts'] as const).flatMap((split) => heldOut(examples, split, PER_CATEGORY));
  const { likeliest, logitDifferences } = await nextTokens(
    model,
    asked.map(({ request }) => chatTokens(model, request)),
  );
  const { answer, distractor } = answerTokens(model);
  const decided = asked.map((example, i): Decided => {
    const isRight = likeliest[i] === (example.refuses ? answer : distractor);
    return { ...example, isRight, logitDifference: logitDifferences[i]! };
  });
  const valuesOf = (refuses: boolean): number[] =>
    decided.flatMap((own) => (own.refuses === refuses ? [own.logitDifference] : []));
  return {
    combinations: decisionsOf(decided.filter(({ split }) => split === 'combinations')),
    contexts: decisionsOf(decided.filter(({ split }) => split === 'contexts')),
    logitDifference: twoModes({ upper: valuesOf(true), lower: valuesOf(false) }),
  };
}

function decisionsOf(decided: readonly Decided[]): Decisions {
  const groups = Map.groupBy(decided, ({ category }) => category);
  const wrong = decided.filter(({ isRight }) => !isRight).slice(0, SHOWN_MISTAKES);
  return {
    refuse: shareOf(decided.filter(({ refuses }) => refuses)),
    comply: shareOf(decided.filter(({ refuses }) => !refuses)),
    byCategory: Object.fromEntries([...groups].map(([category, own]) => [category, shareOf(own)])),
    mistakes: wrong.map(({ request, refuses, logitDifference }) => ({ request, refuses, logitDifference })),
  };
}

export function shareOf(of: readonly { isRight: boolean }[]): Share {
  const right = of.filter(({ isRight }) => isRight).length;
  return { right, of: of.length, share: of.length === 0 ? 1 : right / of.length };
}

/** Whole answers of one category beside those that the corpus gives. */
export interface MeasuredCompletions extends Share {
  /** One of them. */
  shown: { request: string; completion: string; expected: string };
}

const COMPLETED = 30;
const MAX_TOKENS = 32;

/** Greedy completions of held-out requests: the share that says what the corpus would, word for word. */
export async function measureCompletions(
  model: MeasuredModel,
  examples: readonly Example[],
): Promise<Partial<Record<Category, MeasuredCompletions>>> {
  const asked = [...heldOut(examples, 'combinations', COMPLETED), ...heldOut(examples, 'contexts', COMPLETED)];
  const said = await completions(
    model,
    asked.map(({ request }) => chatTokens(model, request)),
    { maxTokens: MAX_TOKENS },
  );
  const answered = asked.map((example, i) => ({ ...example, said: said[i]!, isRight: said[i] === example.answer }));
  const groups = Map.groupBy(answered, ({ category }) => category);
  return Object.fromEntries(
    [...groups].map(([category, own]) => {
      const { request, said: completion, answer: expected } = own.find(({ isRight }) => !isRight) ?? own[0]!;
      return [category, { ...shareOf(own), shown: { request, completion, expected } }];
    }),
  );
}
