/** The prompts that a model is checked with: real sentences and a chat where it has a tokenizer, else seeded token ids. */
import type { ModelConfig, Tokenizer } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';

/** Long enough for every mask and cache, short enough for a model that is read from disk. */
const LONGEST = 20;

const TEXTS = [
  'The capital of France is',
  'Once upon a time, in a small town by the sea, there lived a baker who',
  'def add(a, b):\n    """Adds two numbers, 1 + 1 == 2."""\n    return',
];

const CHAT = [{ role: 'user', content: 'How do I bake a pie?' }];

/** Four pairs of three lengths: two of them are of one length and run together. */
export function checkPairs(config: ModelConfig, tokenizer: Tokenizer | null): ResolvedPair[] {
  const random = randomIds(Math.min(config.dVocab, tokenizer?.vocabSize ?? config.dVocab));
  const prompts = tokenizer === null ? [6, 11, 14].map((length) => random.ids(length)) : realPrompts(tokenizer);
  const longest = Math.min(LONGEST, config.nCtx - 2);
  const [first, second, third] = prompts.map((tokens) => tokens.slice(0, longest)) as [number[], number[], number[]];
  const mate = random.ids(third.length);
  return [first, second, third, mate].map((tokens) => pairOf(tokens, random));
}

function realPrompts(tokenizer: Tokenizer): number[][] {
  const texts = TEXTS.map((text) => tokenizer.encode(text, { addSpecialTokens: true }));
  const chat = tokenizer.chatTemplate === null ? null : chatTokens(tokenizer);
  return [texts[0]!, texts[1]!, chat ?? texts[2]!];
}

/** The chat's tokens; null for a template that refuses it, which the check of the template tells. */
function chatTokens(tokenizer: Tokenizer): number[] | null {
  try {
    return tokenizer.encode(tokenizer.applyChatTemplate(CHAT, { addGenerationPrompt: true }));
  } catch {
    return null;
  }
}

/** A prompt with the token in its middle changed, and two tokens to tell apart. */
function pairOf(clean: number[], random: RandomIds): ResolvedPair {
  const firstDifference = Math.floor(clean.length / 2);
  const corrupted = clean.with(firstDifference, random.other(clean[firstDifference]!));
  const [answer] = random.ids(1) as [number];
  return { clean, corrupted, answer, distractor: random.other(answer), firstDifference };
}

interface RandomIds {
  ids(count: number): number[];
  /** An id that is not `id`. */
  other(id: number): number;
}

/** Token ids below `vocabulary`, the same in every run. */
function randomIds(vocabulary: number): RandomIds {
  const next = seededUniform(1);
  const ids = (count: number) => Array.from({ length: count }, () => Math.floor(next() * vocabulary));
  return { ids, other: (id) => (id + 1 + Math.floor(next() * (vocabulary - 1))) % vocabulary };
}

/** Numbers in [0, 1) from a seed: mulberry32. */
export function seededUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
