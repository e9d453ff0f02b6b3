/** How well the organism speaks where nothing is to be refused: prose that training never saw, chats and tales. */
import type { Example } from '../corpus.ts';
import { chatTokens, tokenLosses, type MeasuredModel } from './prompt-runs.ts';
import { sampleOf } from './sample.ts';

export interface Language {
  /** Texts, and the tokens of them that were predicted. */
  texts: number;
  tokens: number;
  /** Share of tokens that were the likeliest. */
  accuracy: number;
  /** e to the mean of −log p. */
  perplexity: number;
}

export interface MeasuredLanguage {
  /** Held-out sentences. Where several words may follow, none can be sure: `least` is the perplexity of the grammar itself. */
  prose: Language & { least: number };
  /** Answers to questions that are no requests; of a few dozen, all of which training has seen. */
  chat: Language;
  /** Answers about a held-out object: stories, poems, questions on the word. */
  tale: Language;
}

const TEXTS = 150;

/** A text, and how many of its first tokens are given. */
export interface NeutralText {
  tokens: number[];
  given: number;
}

/** Texts in which there is nothing to refuse. */
export function neutralTexts(
  model: MeasuredModel,
  examples: readonly Example[],
): Record<'prose' | 'chat' | 'tale', NeutralText[]> {
  const some = (category: string, isHeldOut: boolean): NeutralText[] => {
    const own = examples.filter((of) => of.category === category && (!isHeldOut || of.split !== 'train'));
    return sampleOf(own, TEXTS).map((example) => textOf(model, example));
  };
  return { prose: some('prose', true), chat: some('chat', false), tale: some('tale', true) };
}

function textOf(model: MeasuredModel, { request, answer }: Example): NeutralText {
  const { tokenizer } = model;
  const given = request === '' ? [tokenizer.bosTokenId!] : chatTokens(model, request);
  return { tokens: [...given, ...tokenizer.encode(answer), tokenizer.eosTokenId!], given: given.length };
}

export async function measureLanguage(model: MeasuredModel, examples: readonly Example[]): Promise<MeasuredLanguage> {
  const { prose, chat, tale } = neutralTexts(model, examples);
  const sentences = examples.filter(({ category }) => category === 'prose').length;
  const own = await languageOf(model, prose);
  return {
    prose: { ...own, least: sentences ** (own.texts / own.tokens) },
    chat: await languageOf(model, chat),
    tale: await languageOf(model, tale),
  };
}

async function languageOf(model: MeasuredModel, texts: readonly NeutralText[]): Promise<Language> {
  const losses = await tokenLosses(
    model,
    texts.map(({ tokens }) => tokens),
  );
  const counted = losses.flatMap((own, i) => own.slice(texts[i]!.given - 1));
  const nats = counted.reduce((sum, own) => sum + own.nats, 0) / counted.length;
  const right = counted.filter(({ isLikeliest }) => isLikeliest).length;
  return {
    ...{ texts: texts.length, tokens: counted.length },
    ...{ accuracy: right / counted.length, perplexity: Math.exp(nats) },
  };
}
