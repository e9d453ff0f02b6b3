/** What makes a data set doubtful though it runs: each warning is a sentence, told once with its first example. */
import { DemurError } from '@demur/model';
import type { Tokenizer } from '@demur/model';
import { tokenText } from './encode.ts';
import type { ResolvedPair } from './resolved-pair.ts';

type Doubt = (pair: ResolvedPair) => string | undefined;

/** The warnings of a whole data set, in the order of the rules; `at` is a pair's place in it. */
export function pairWarnings(pairs: { at: number; pair: ResolvedPair }[], tokenizer: Tokenizer | null): string[] {
  const doubts: Doubt[] = [
    longSlots,
    severalTokensDiffer,
    doubleBos(tokenizer),
    pads(tokenizer),
    unknownWords(tokenizer),
    noGenerationPrompt(tokenizer),
  ];
  return doubts.flatMap((doubt) => told(pairs.map(({ at, pair }) => ({ at, says: doubt(pair) }))));
}

/** One sentence for all the pairs a doubt is about. */
function told(doubts: { at: number; says: string | undefined }[]): string[] {
  const [first, ...others] = doubts.filter(({ says }) => says !== undefined);
  if (first === undefined) return [];
  const rest = others.length === 0 ? '' : ` (and ${others.length} more ${others.length === 1 ? 'pair' : 'pairs'})`;
  return [`pairs[${first.at}]: ${first.says}${rest}`];
}

/** A slot, which has an `after-` role, that differs between the prompts and is several tokens. */
const longSlots: Doubt = (pair) => {
  const roles = pair.roles ?? {};
  const changed = (at: number) => pair.clean[at] !== pair.corrupted[at];
  const long = Object.keys(roles).find(
    (name) => `after-${name}` in roles && roles[name]!.length > 1 && roles[name]!.some(changed),
  );
  return long === undefined
    ? undefined
    : `"${long}" is ${roles[long]!.length} tokens; what it means is spread over them, and only the last has read them all`;
};

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

function pads(tokenizer: Tokenizer | null): Doubt {
  return holdsOwnToken(tokenizer, tokenizer?.padTokenId, {
    name: 'the pad token',
    so: 'it is attended to as any other: leave it out, lengths may differ between pairs',
  });
}

function unknownWords(tokenizer: Tokenizer | null): Doubt {
  return holdsOwnToken(tokenizer, tokenizer?.unkTokenId, {
    name: 'the token of unknown words',
    so: 'the model cannot tell such words apart: use words that it knows',
  });
}

/** Only where it is a token of its own: nothing tells an EOS that pads, or stands for a word, from one that ends a turn. */
function holdsOwnToken(
  tokenizer: Tokenizer | null,
  id: number | null | undefined,
  { name, so }: { name: string; so: string },
): Doubt {
  if (typeof id !== 'number' || id === tokenizer?.eosTokenId || id === tokenizer?.bosTokenId) return () => undefined;
  return ({ clean, corrupted }) => {
    const prompt = [clean, corrupted].find((tokens) => tokens.includes(id));
    const count = prompt?.filter((token) => token === id).length;
    const times = count === 1 ? 'once' : `${count} times`;
    return prompt && `the prompt holds ${name} (${tokenText(id, tokenizer)}) ${times}; ${so}`;
  };
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
