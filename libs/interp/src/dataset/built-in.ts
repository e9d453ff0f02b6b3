/** The data sets that come with the project, made for a tokenizer when they are asked for. */
import type { Tokenizer } from '@demur/model';
import type { TokenSpec } from '../spec/pair.ts';
import { TokenizerNeededError } from './errors.ts';
import { greaterThanPairs } from './greater-than.ts';
import { ioiPairs } from './ioi.ts';
import { readData } from './read-data.ts';
import { pairByLength, type MadePairs, type PromptTemplate } from './template.ts';

export interface BuiltInOptions {
  tokenizer: Tokenizer | null;
  /** Of what is drawn; 0 by default. */
  seed?: number | undefined;
  /** Pairs at most; 64 by default. */
  count?: number | undefined;
  /** Of the refusal pairs: only objects of one token. */
  oneToken?: boolean | undefined;
}

type Make = (tokenizer: Tokenizer, options: { seed: number; count: number; oneToken: boolean }) => MadePairs;

const makers: Record<string, Make> = {
  refusal: refusalPairs,
  ioi: (tokenizer, options) => ioiPairs(tokenizer, { ...options, corrupted: 'flip' }),
  'ioi-abc': (tokenizer, options) => ioiPairs(tokenizer, { ...options, corrupted: 'abc' }),
  'greater-than': greaterThanPairs,
};

export const builtInNames: readonly string[] = Object.keys(makers);

/** The data set of this name for a model; undefined where none has it. Throws `NoPairsError`, `TokenizerNeededError`. */
export function builtInPairs(name: string, { tokenizer, ...options }: BuiltInOptions): MadePairs | undefined {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) return undefined;
  if (tokenizer === null) throw new TokenizerNeededError('pairs', JSON.stringify(name));
  const { seed = 0, count = 64, oneToken = false } = options;
  return make(tokenizer, { seed, count, oneToken });
}

interface Wording {
  prompt: PromptTemplate;
  answer: TokenSpec;
  distractor: TokenSpec;
}

interface RefusalWords {
  chat: Wording;
  plain: Wording;
  harmful: string[];
  harmless: string[];
}

/** As a chat where the model has a template for it, else as plain text. */
function refusalPairs(tokenizer: Tokenizer, { count, oneToken }: { count: number; oneToken: boolean }): MadePairs {
  const { chat, plain, harmful: clean, harmless: corrupted } = readData<RefusalWords>('refusal');
  const { prompt: template, ...answers } = tokenizer.chatTemplate === null ? plain : chat;
  const { pairs, dropped } = pairByLength(
    { template, slot: 'object', clean, corrupted, ...answers, oneToken },
    tokenizer,
  );
  return { pairs: pairs.slice(0, count), dropped };
}
