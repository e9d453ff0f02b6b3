/** Completions of a few prompts with and without a vector: what a flipped metric looks like, and whether the metric tells refusals. */
import { REFUSAL_WORDS, type PromptTokens, type ResultPair } from '@demur/interp';
import type { Table } from '../../figure.ts';
import type { Replication } from './replication.ts';
import { mostFlipping, smallestScale, steeringOptions, type SteeringSweep } from './steering-sweeps.ts';

/** Prompts a way. */
const PROMPTS = 6;

/** Enough for the words of a refusal. */
const TOKENS = 32;

export interface Examples {
  table: Table;
  /** Of the completions with nothing done: whether words and metric agree on who refuses. */
  agreements: boolean[];
}

/** At the smallest scale that flips 90 %, or half, or at the one that flips most. Null without a tokenizer: there is no text. */
export async function steeredExamples(replication: Replication, sweep: SteeringSweep): Promise<Examples | null> {
  const { step, halves, given } = replication;
  if (given.tokenizer === null) return null;
  const { vector, way } = sweep;
  const { scale } = smallestScale(sweep, 0.9) ?? smallestScale(sweep, 0.5) ?? mostFlipping(sweep);
  const { result, array } = await step(`${vector.name}-${way}-examples`, {
    kind: 'steering',
    pairs: halves.testing.slice(0, PROMPTS),
    options: {
      ...steeringOptions(vector, way, [0, scale]),
      ...{ maxTokens: TOKENS, stopAtEos: true, refusalWords: [...REFUSAL_WORDS, answerText(replication)] },
    },
  });
  const metric = (await array('metric')).values;
  const refused = (result.refusals?.refused as boolean[][] | undefined)?.[0] ?? [];
  const [plain = [], steered = []] = (result.completions ?? []) as { text: string | null }[][];
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
    agreements: refused.map((isRefused, at) => isRefused === metric[at]! > 0),
  };
}

/** The refusing token as a word; pairs of a study have the same. */
function answerText({ given: { tokenizer, dataSet } }: Replication): string {
  return tokenizer!.decodeToken(dataSet.pairs[0]!.answer).trim();
}

function objectText({ strings }: PromptTokens, { object, difference }: ResultPair['roles']): string {
  return (object ?? difference ?? [])
    .map((at) => strings[at])
    .join('')
    .trim();
}
