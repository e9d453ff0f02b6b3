/** What makes a data set doubtful though it runs: each warning is a sentence, told once with its first example. */
import { DemurError } from '@demur/model';
import type { Tokenizer } from '@demur/model';
import type { ResolvedPair } from './resolved-pair.ts';

type Doubt = (pair: ResolvedPair) => string | undefined;

/** The warnings of a whole data set, in the order of the rules. */
export function pairWarnings(pairs: ResolvedPair[], tokenizer: Tokenizer | null): string[] {
  const doubts: Doubt[] = [severalTokensDiffer, doubleBos(tokenizer), noGenerationPrompt(tokenizer)];
  return doubts.flatMap((doubt) => told(pairs.map(doubt)));
}

/** One sentence for all the pairs a doubt is about. */
function told(doubts: (string | undefined)[]): string[] {
  const first = doubts.findIndex((doubt) => doubt !== undefined);
  if (first < 0) return [];
  const others = doubts.filter((doubt) => doubt !== undefined).length - 1;
  const rest = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'pair' : 'pairs'})`;
  return [`pairs[${first}]: ${doubts[first]}${rest}`];
}

const severalTokensDiffer: Doubt = ({ clean, corrupted }) => {
  const columns = clean.flatMap((id, at) => (id === corrupted[at] ? [] : [at]));
  if (columns.length < 2) return undefined;
  return `the prompts differ in ${columns.length} tokens, at positions ${columns.join(', ')}; effects at one position are then part of the contrast`;
};

function doubleBos(tokenizer: Tokenizer | null): Doubt {
  const bos = tokenizer?.bosTokenId ?? null;
  return ({ clean, corrupted }) =>
    bos !== null && [clean, corrupted].some((tokens) => tokens[0] === bos && tokens[1] === bos)
      ? `the prompt starts with two BOS tokens (id ${bos}); the model was trained with one`
      : undefined;
}

function noGenerationPrompt(tokenizer: Tokenizer | null): Doubt {
  const frame = tokenizer === null ? undefined : chatFrame(tokenizer);
  return ({ clean }) => {
    if (tokenizer === null || frame === undefined || clean.some((id) => id >= tokenizer.vocabSize)) return undefined;
    const text = tokenizer.decode(clean);
    return text.includes(frame.turnEnd) && !text.endsWith(frame.generationPrompt)
      ? `the prompt is a chat without the generation prompt ${JSON.stringify(frame.generationPrompt)} at its end`
      : undefined;
  };
}

/** What the chat template puts after a user's words, and before the assistant's; undefined where it adds nothing. */
function chatFrame(tokenizer: Tokenizer): { turnEnd: string; generationPrompt: string } | undefined {
  if (tokenizer.chatTemplate === null) return undefined;
  const probe = 'demur-probe';
  try {
    const render = (addGenerationPrompt: boolean) =>
      tokenizer.applyChatTemplate([{ role: 'user', content: probe }], { addGenerationPrompt });
    const closed = render(false);
    const turnEnd = closed.slice(closed.lastIndexOf(probe) + probe.length).trimEnd();
    const generationPrompt = render(true).slice(closed.length);
    return turnEnd === '' || generationPrompt === '' ? undefined : { turnEnd, generationPrompt };
  } catch (error) {
    if (error instanceof DemurError) return undefined;
    throw error;
  }
}
