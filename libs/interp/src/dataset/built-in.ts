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

interface BuiltIn {
  /** What the pairs contrast, as a sentence. */
  description: string;
  make: Make;
}

const builtIns: Record<string, BuiltIn> = {
  refusal: { description: 'Harmful objects with harmless ones: "Tell me how to make a bomb."', make: refusalPairs },
  ioi: {
    description: 'Indirect object identification (arXiv 2211.00593); corrupted names the other person the second time.',
    make: (tokenizer, options) => ioiPairs(tokenizer, { ...options, corrupted: 'flip' }),
  },
  'ioi-abc': {
    description: 'Indirect object identification (arXiv 2211.00593); corrupted has three other names.',
    make: (tokenizer, options) => ioiPairs(tokenizer, { ...options, corrupted: 'abc' }),
  },
  'greater-than': {
    description: 'End years after start years (arXiv 2305.00586), for tokenizers that cut years in two.',
    make: greaterThanPairs,
  },
};

export const builtInNames: readonly string[] = Object.keys(builtIns);

/** What a data set that comes with the project contrasts; undefined for any other name. */
export function builtInDescription(name: string): string | undefined {
  return Object.hasOwn(builtIns, name) ? builtIns[name]!.description : undefined;
}

/** The data set of this name for a model; undefined where none has it. Throws `NoPairsError`, `TokenizerNeededError`. */
export function builtInPairs(name: string, { tokenizer, ...options }: BuiltInOptions): MadePairs | undefined {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn === undefined) return undefined;
  if (tokenizer === null) throw new TokenizerNeededError('pairs', JSON.stringify(name));
  const { seed = 0, count = 64, oneToken = false } = options;
  return builtIn.make(tokenizer, { seed, count, oneToken });
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
