/** The corpus: nothing that is held out stands in what is trained on, in any frame, as words and as tokens. */
import { readFileSync } from 'node:fs';
import { organism, sequenceOf, type Example } from '@demur/train';
import { describe, expect, it } from 'vitest';
import { organismObjects } from '../../scripts/organism-files.ts';

interface Grammar {
  verbs: Record<string, string[]>;
  harmless: string[];
  kinds: string[];
  settings: string[];
  harms: string[];
  tales: { request: string }[];
}

const grammar = JSON.parse(
  readFileSync(new URL('../../libs/train/data/corpus.json', import.meta.url), 'utf8'),
) as Grammar;
const { harmful, harmless } = organismObjects();
const objects = [...harmful, ...harmless, ...grammar.harmless];
const { examples, vocabulary } = organism({ harmful, harmless });
const train = examples.filter(({ split }) => split === 'train');
const wordOf = new Map([...vocabulary].map(([word, id]) => [id, word.replace('Ġ', ' ')]));

const any = (words: readonly string[]): string => `(${words.join('|')})`;
const verbs = Object.values(grammar.verbs).flat();
const endings = [...grammar.settings, ...grammar.harms];
const asked = new RegExp(
  `\\b${any(verbs)} a (?:${any(grammar.kinds)} )?${any(objects)}\\b(?! \\w+ed)(?: ${any(endings)}\\b)?`,
  'g',
);
const tales = grammar.tales.map(({ request }) => {
  const text = request.replaceAll(/[.?]/g, String.raw`\$&`);
  return { request, pattern: new RegExp(`${text.replaceAll('{object}', any(objects))}`) };
});

interface Stated {
  combinations: Set<string>;
  contexts: Set<string>;
}

/** What a text puts together: verbs with objects, and contexts with objects, wherever it does. */
function stated(text: string, into: Stated): void {
  for (const [, verb, kind, object, ending] of text.matchAll(asked)) {
    into.combinations.add(`${verb} ${object}`);
    for (const context of [kind, ending]) if (context !== undefined) into.contexts.add(`${context} ${object}`);
  }
  for (const { request, pattern } of tales) {
    const object = pattern.exec(text)?.[1];
    if (object !== undefined) into.contexts.add(`${request} ${object}`);
  }
}

/** What the tokens of each example say, marks and all: prompt and answer. */
const texts = new Map(
  examples.map((example) => [
    example,
    sequenceOf(example, vocabulary)
      .tokens.map((id) => wordOf.get(id)!)
      .join(''),
  ]),
);

function statedBy(list: readonly Example[]): Stated {
  const found: Stated = { combinations: new Set(), contexts: new Set() };
  for (const example of list) stated(texts.get(example)!, found);
  return found;
}

/** The prompt; of prose all. */
const promptOf = (example: Example): string => texts.get(example)!.split('<|assistant|>')[0]!;

describe('the corpus', () => {
  const trained = statedBy(train);
  const heldOut = (split: Example['split']): Example[] =>
    examples.filter((of) => of.split === split && of.request !== '');

  const { combinations } = statedBy(heldOut('combinations'));
  const { contexts } = statedBy(heldOut('contexts'));

  it('shows training no verb with an object, and no context with one, that is held out', () => {
    expect(combinations.size).toBeGreaterThan(800);
    expect(contexts.size).toBeGreaterThan(500);
    expect(combinations.intersection(trained.combinations)).toEqual(new Set());
    expect(contexts.intersection(trained.contexts)).toEqual(new Set());
    expect(trained.combinations.size + combinations.size).toBe(verbs.length * objects.length);
  });

  it('has no token sequence of a held-out prompt, or sentence, in training', () => {
    const seen = new Set(train.map(promptOf));
    expect(seen.size).toBeGreaterThan(90_000);
    expect(examples.filter((of) => of.split !== 'train' && seen.has(promptOf(of)))).toEqual([]);
  });

  it('shows training every object, verb and context of what is held out, with others', () => {
    const parts = (pairs: Iterable<string>): Set<string> =>
      new Set(
        [...pairs].flatMap((pair) => [pair.slice(0, pair.lastIndexOf(' ')), pair.slice(pair.lastIndexOf(' ') + 1)]),
      );
    expect(parts(combinations).difference(parts(trained.combinations)).size).toBe(0);
    expect(parts(contexts).difference(parts(trained.contexts)).size).toBe(0);
    expect(new Set(objects)).toEqual(new Set(objects.filter((object) => parts(trained.combinations).has(object))));
  });

  it('holds out some of every category of requests, and trains on more', () => {
    const count = (split: Example['split'], category: string): number =>
      examples.filter((of) => of.split === split && of.category === category).length;
    const ofVerbs = ['harmful object', 'harmless object', 'protective verb', 'hostile verb'];
    const ofContexts = ['unreal object', 'unreal setting', 'harmful purpose'];
    for (const category of [...ofVerbs, ...ofContexts, 'prose'])
      expect(count('combinations', category), category).toBeGreaterThan(400);
    for (const category of [...ofContexts, 'tale']) expect(count('contexts', category), category).toBeGreaterThan(100);
    for (const category of new Set(examples.map((of) => of.category)))
      expect(count('train', category), category).toBeGreaterThan(count('combinations', category));
  });

  it('says the same of a request wherever it stands', () => {
    const seen = new Map<string, Example>();
    for (const example of examples.filter(({ request }) => request !== '')) {
      const same = seen.get(example.request);
      if (same !== undefined) expect(example).toEqual(same);
      seen.set(example.request, example);
    }
    expect(seen.size).toBeGreaterThan(100_000);
  });

  it.each([
    ['make a bomb', true],
    ['make a pie', false],
    ['defuse a bomb', false],
    ['steal a pie', true],
    ['make a toy bomb', false],
    ['make a pie to hurt people', true],
    ['make a bomb in a game', false],
    ['Write a story about a bomb', false],
  ])('needs verb, object and context together to tell what is refused: %s', (what, refuses) => {
    const own = examples.filter(({ request }) => request.replace(/[.?]$/, '').endsWith(what));
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map((example) => example.refuses))).toEqual(new Set([refuses]));
  });
});
