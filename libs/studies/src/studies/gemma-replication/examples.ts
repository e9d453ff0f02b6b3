/** Completions of a few prompts with and without a vector: what a flipped metric looks like, and whether the metric tells refusals. */
import type { Completion, PromptTokens, ResultPair } from '@demur/interp';
import type { Table } from '../../figure.ts';
import { refusalWordsOf } from '../../refusal-words.ts';
import { counted } from '../../wording.ts';
import type { Replication } from './replication.ts';
import { HALF, mostFlipping, smallestScale, steeringOptions, type SteeringSweep } from './steering-sweeps.ts';

/** Prompts a way. */
const PROMPTS = 6;

/** Enough for the words of a refusal. */
const TOKENS = 32;

export interface Examples {
  table: Table;
  /** Of the completions with nothing done: whether words and metric agree on who refuses. */
  agreements: boolean[];
  /** Steered completions, and those of them that say a few tokens over and over. */
  steered: number;
  broken: number;
}

/** A text of fewer different tokens than this part of it repeats itself. */
const LEAST_VARIETY = 0.25;

function isBroken({ tokens }: { tokens: number[] }): boolean {
  return new Set(tokens).size < LEAST_VARIETY * tokens.length;
}

/** What becomes of the text, as a sentence. */
export function brokenSentence({ steered, broken }: Examples): string {
  if (broken === 0) return `None of ${counted(steered, 'completion')} made with it repeats itself.`;
  return `Of ${counted(steered, 'completion')} made with it, ${broken} ${broken === 1 ? 'says' : 'say'} a few tokens over and over: the text breaks.`;
}

/** At the smallest scale that flips half, or at the one that flips most. Null without a tokenizer: there is no text. */
export async function steeredExamples(replication: Replication, sweep: SteeringSweep): Promise<Examples | null> {
  const { step, halves, given } = replication;
  if (given.tokenizer === null) return null;
  const { vector, way } = sweep;
  const { scale } = smallestScale(sweep, HALF) ?? mostFlipping(sweep);
  const { result, array } = await step(`${vector.name}-${way}-examples`, {
    kind: 'steering',
    pairs: halves.testing.slice(0, PROMPTS),
    options: {
      ...steeringOptions(vector, way, [0, scale]),
      ...{ maxTokens: TOKENS, stopAtEos: true, refusalWords: refusalWordsOf(given) },
    },
  });
  const metric = (await array('metric')).values;
  const refused = (result.refusals?.refused as boolean[][] | undefined)?.[0] ?? [];
  const [plain = [], steered = []] = result.completions as Completion[][];
  return {
    table: {
      title: `${way === 'induce' ? 'Harmless prompts, with' : 'Harmful prompts, without'} ${vector.words} at a scale of ${scale}`,
      columns: ['object', 'plain', 'steered'],
      rows: result.pairs.map((pair, at) => [
        objectText(way === 'induce' ? pair.corrupted : pair.clean, pair.roles),
        plain[at]?.text ?? null,
        steered[at]?.text ?? null,
      ]),
    },
    steered: steered.length,
    broken: steered.filter(isBroken).length,
    agreements: refused.map((isRefused, at) => isRefused === metric[at]! > 0),
  };
}

function objectText({ strings }: PromptTokens, { object, difference }: ResultPair['roles']): string {
  return (object ?? difference ?? [])
    .map((at) => strings[at])
    .join('')
    .trim();
}
