/** Pairs to token ids, against the token ids that transformers gives for SmolLM2, and what the linter refuses. */
import { readFileSync } from 'node:fs';
import { openModelSource, type Tokenizer } from '@demur/model';
import { PairError, resolvePairs, type PairSpec } from '@demur/interp';
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { organismFolder } from '../../scripts/organism-files.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/open/smollm2/case.json', import.meta.url), 'utf8')) as {
  pairs: [string, string][];
  tokens_clean: number[][];
  tokens_corrupted: number[][];
  object_position: number;
  token_strings: string[];
  text_first_clean: string;
  sorry: number;
  sure: number;
};

const sizes = { dVocab: 49152, nCtx: 2048 };
const clean = golden.tokens_clean[0]!;
const corrupted = golden.tokens_corrupted[0]!;
const pair: PairSpec = { clean: { tokens: clean }, corrupted: { tokens: corrupted }, answer: 37388, distractor: 34355 };

function refusal(tokenizer: Tokenizer | null, change: Partial<PairSpec>, config = sizes): PairError {
  try {
    resolvePairs([pair, { ...pair, ...change }], { config, tokenizer });
  } catch (error) {
    if (error instanceof PairError) return error;
    throw error;
  }
  throw new Error('the pair was accepted');
}

describe('token ids, without a tokenizer', () => {
  const context = { config: sizes, tokenizer: null };

  it('resolves them as they are', () => {
    const [resolved] = resolvePairs([pair], context).pairs;
    expect(resolved).toEqual({ clean, corrupted, answer: 37388, distractor: 34355, firstDifference: 30 });
  });

  it('lets pairs differ in length from each other', () => {
    const short = { ...pair, clean: { tokens: [4, 5] }, corrupted: { tokens: [4, 6] } };
    expect(resolvePairs([pair, short], context).pairs.map(({ firstDifference }) => firstDifference)).toEqual([30, 1]);
  });

  it.each<[string, Partial<PairSpec>, string]>([
    [
      'text',
      { clean: { text: 'hi' } },
      'pairs[1].clean: {"text":"hi"} needs a tokenizer and this model has none; give token ids, or add its tokenizer.json',
    ],
    [
      'an answer that is text',
      { answer: 'no' },
      'pairs[1].answer: "no" needs a tokenizer and this model has none; give token ids, or add its tokenizer.json',
    ],
    [
      'unequal lengths',
      { clean: { tokens: [1, 2, 3] } },
      'pairs[1]: clean has 3 tokens and corrupted 38; choose prompts of equal length',
    ],
    [
      'equal prompts',
      { clean: { tokens: corrupted } },
      'pairs[1]: clean and corrupted are the same tokens; change at least one of them',
    ],
    [
      'an empty prompt',
      { corrupted: { tokens: [] } },
      'pairs[1].corrupted: the prompt has no tokens; give at least one',
    ],
    [
      'a token beyond the vocabulary',
      { clean: { tokens: [1, 49152] } },
      "pairs[1].clean: token 49152 is outside the model's vocabulary; give ids from 0 to 49151",
    ],
    [
      'an answer beyond the vocabulary',
      { answer: 50000 },
      "pairs[1].answer: token 50000 is outside the model's vocabulary; give ids from 0 to 49151",
    ],
    [
      'one token for both answers',
      { distractor: 37388 },
      'pairs[1].distractor: token 37388 is the answer as well, so that the logit difference is 0; give another token',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(refusal(null, change)).toMatchObject({ code: 'INVALID_PAIR', message });
  });

  it('refuses a prompt beyond the context', () => {
    const long = { tokens: [...clean, ...clean] };
    const { message } = refusal(
      null,
      { clean: long, corrupted: { tokens: [...corrupted, ...clean] } },
      { ...sizes, nCtx: 40 },
    );
    expect(message).toBe("pairs[1].clean: the prompt has 76 tokens and the model's context 40; shorten it");
  });

  it('warns, once, of prompts that differ in several tokens', () => {
    const two = { ...pair, clean: { tokens: [4, 5, 6] }, corrupted: { tokens: [4, 6, 5] } };
    expect(resolvePairs([pair, two, two], context).warnings).toEqual([
      'pairs[1]: the prompts differ in 2 tokens, at positions 1, 2; effects at one position are then part of the contrast (and 1 more pair)',
    ]);
  });
});

describe('text and messages, on SmolLM2', () => {
  let tokenizer: Tokenizer;
  const context = () => ({ config: sizes, tokenizer });
  const ask = (object: string) => ({ messages: [{ role: 'user', content: `Tell me how to make a ${object}.` }] });

  beforeAll(async () => {
    tokenizer = await (await openModelSource(await fetchSmollm2())).loadTokenizer();
  });

  it('puts messages through the chat template with its generation prompt', () => {
    const pairs = golden.pairs.map(([harmful, harmless]) => ({
      clean: ask(harmful),
      corrupted: ask(harmless),
      answer: 'Sorry',
      distractor: 'Sure',
    }));
    const { pairs: resolved, warnings } = resolvePairs(pairs, context());
    expect(resolved.map((one) => one.clean)).toEqual(golden.tokens_clean);
    expect(resolved.map((one) => one.corrupted)).toEqual(golden.tokens_corrupted);
    expect(resolved.map((one) => one.firstDifference)).toEqual(golden.pairs.map(() => golden.object_position));
    expect(resolved.map((one) => [one.answer, one.distractor])).toEqual(
      golden.pairs.map(() => [golden.sorry, golden.sure]),
    );
    expect(warnings).toEqual([]);
  });

  it('reads the special tokens in a text, with one BOS', () => {
    const [resolved] = resolvePairs([{ ...pair, clean: { text: golden.text_first_clean } }], context()).pairs;
    expect(resolved?.clean).toEqual(clean);
  });

  it('tells the tokens of an answer that is more than one', () => {
    const { message, path } = refusal(tokenizer, { answer: ' Sorry Sure' });
    expect(path).toBe('pairs[1].answer');
    expect(message).toMatch(
      /^pairs\[1\]\.answer: " Sorry Sure" is \d tokens \[\d+ ".*"\] on this model; give the exact text of one token, or a token id$/,
    );
  });

  it('refuses an empty answer', () => {
    expect(refusal(tokenizer, { answer: '' }).message).toMatch(
      /^pairs\[1\]\.answer: "" is 0 tokens \[\] on this model/,
    );
  });

  it('shows the text of tokens it refuses', () => {
    expect(refusal(tokenizer, { distractor: 'Sorry' }).message).toContain('token 37388 "Sorry" is the answer as well');
  });

  it('warns of two BOS', () => {
    const doubled = { ...pair, clean: { tokens: [1, ...clean] }, corrupted: { tokens: [1, ...corrupted] } };
    expect(resolvePairs([doubled], context()).warnings).toEqual([
      'pairs[0]: the prompt starts with two BOS tokens (id 1); the model was trained with one',
    ]);
  });

  it('warns of a chat without the generation prompt', () => {
    const cut = { ...pair, clean: { tokens: clean.slice(0, -4) }, corrupted: { tokens: corrupted.slice(0, -4) } };
    expect(resolvePairs([cut], context()).warnings).toEqual([
      'pairs[0]: the prompt is a chat without the generation prompt "<|im_start|>assistant\\n" at its end',
    ]);
  });
});

describe('text on the model that comes with demur, which knows a few hundred words', () => {
  let tokenizer: Tokenizer;
  const say = (object: string) => ({ text: `Tell me how to make a ${object}.` });
  const warningsOf = (clean: PairSpec['clean'], own: Partial<Tokenizer> = {}) =>
    resolvePairs([{ clean, corrupted: say('pie'), answer: 'Sorry', distractor: 'Sure' }], {
      config: sizes,
      tokenizer: { ...tokenizer, ...own },
    }).warnings;

  beforeAll(async () => {
    tokenizer = await (await openModelSource(organismFolder)).loadTokenizer();
  });

  it('warns of words that it does not know', () => {
    expect(warningsOf(say('bomb'))).toEqual([]);
    expect(warningsOf(say('zeppelin'))).toEqual([
      'pairs[0]: the prompt holds the token of unknown words (0 "<unk>") once; the model cannot tell such words apart: use words that it knows',
    ]);
  });

  it('refuses slots whose places unknown words hide', () => {
    expect(() => warningsOf({ text: 'Tell me how to make a {object}.', slots: { object: 'zeppelin' } })).toThrow(
      'pairs[0].clean.slots: the tokenizer does not know all words of "Tell me how to make a zeppelin."; use words that it knows',
    );
  });

  it('warns of pad tokens, where they are tokens of their own', () => {
    const padTokenId = tokenizer.encode(' bomb')[0]!;
    expect(warningsOf(say('bomb'), { padTokenId })).toEqual([
      `pairs[0]: the prompt holds the pad token (${padTokenId} " bomb") once; it is attended to as any other: leave it out, lengths may differ between pairs`,
    ]);
  });
});
