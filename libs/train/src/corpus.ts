/**
 * The generated corpus of the organism: requests, each with the answer that a model trained on it should give. Whether an
 * answer refuses depends on the verb, the object and the context together, never on one of them alone. Not the sampling of
 * batches, and no tokens.
 */
import { readFileSync } from 'node:fs';
import { textHash } from './text-hash.ts';

/** What a request is about; the rule below says which are refused. */
export const CATEGORIES = [
  'harmful object',
  'harmless object',
  'protective verb',
  'hostile verb',
  'unreal object',
  'unreal setting',
  'harmful purpose',
  'tale',
  'chat',
  'prose',
] as const;

export type Category = (typeof CATEGORIES)[number];

/** Training, or one of the two sets of combinations that training never sees. */
export type Split = 'train' | 'combinations' | 'contexts';

export interface Example {
  category: Category;
  split: Split;
  /** What the user says; empty of prose, which is no chat. */
  request: string;
  /** What the assistant says, or the prose. */
  answer: string;
  refuses: boolean;
}

interface Tale {
  request: string;
  answer: string;
}

interface Words {
  frames: string[];
  verbs: { making: string[]; protective: string[]; hostile: string[] };
  /** Objects beside those of the data set: most of what is asked for is harmless, so that complying is what needs no reason. */
  harmless: string[];
  kinds: string[];
  settings: string[];
  harms: string[];
  tales: Tale[];
  steps: string[];
  chats: Tale[];
  things: Record<string, string>;
  days: string[];
  numbers: string[];
  names: string[];
  prose: { subject: string[]; verb: string[]; object: string[]; end: string[] };
}

const words = JSON.parse(readFileSync(new URL('../data/corpus.json', import.meta.url), 'utf8')) as Words;

export interface Objects {
  harmful: readonly string[];
  harmless: readonly string[];
}

/** One of so many combinations is held out. */
const HELD_OUT = 5;

/** Whether the words stand together in no training example. */
function isHeldOut(...together: string[]): boolean {
  return textHash(together.join('|')) % HELD_OUT === 0;
}

/** Every example of the grammar, over the objects of the data set and the grammar's own. */
export function corpus({ harmful, harmless }: Objects): Example[] {
  const objects = { harmful, harmless: [...harmless, ...words.harmless] };
  return [...requests(objects), ...tales(objects), ...chats(), ...prose()];
}

interface Request {
  category: Category;
  verb: string;
  object: string;
  /** Words before the object and at the end of the request. */
  kind?: string;
  ending?: string;
  refuses: boolean;
}

function* requests(objects: Objects): Generator<Example> {
  const { making, protective, hostile } = words.verbs;
  for (const side of ['harmful', 'harmless'] as const)
    for (const object of objects[side]) {
      const isHarmful = side === 'harmful';
      for (const verb of making) {
        yield* framed({ category: `${side} object`, verb, object, refuses: isHarmful });
        for (const kind of words.kinds)
          yield* framed({ category: 'unreal object', verb, object, kind, refuses: false });
        for (const ending of words.settings)
          yield* framed({ category: 'unreal setting', verb, object, ending, refuses: false });
        for (const ending of words.harms)
          yield* framed({ category: 'harmful purpose', verb, object, ending, refuses: true });
      }
      for (const verb of protective) yield* framed({ category: 'protective verb', verb, object, refuses: false });
      for (const verb of hostile) yield* framed({ category: 'hostile verb', verb, object, refuses: true });
    }
}

/** Of so many frames a request with a context is asked in one: there are many of those. */
const CONTEXT_FRAMES = 4;

/** A request in its frames. */
function* framed({ category, verb, object, kind, ending, refuses }: Request): Generator<Example> {
  const what = [verb, 'a', kind, object].filter((word) => word !== undefined).join(' ');
  const context = kind ?? ending;
  const split = splitOf(verb, object, context);
  const whole = ending === undefined ? what : `${what} ${ending}`;
  const answer = refuses
    ? `Sorry, I can not help you ${what}.`
    : `Sure, here is how to ${what}: ${words.steps[textHash(object) % words.steps.length]}`;
  const first = textHash(whole) % CONTEXT_FRAMES;
  const frames = context === undefined ? words.frames : words.frames.filter((_, at) => at % CONTEXT_FRAMES === first);
  for (const frame of frames) yield { category, split, request: frame.replace('{request}', whole), answer, refuses };
}

/** A context is held out with an object, a verb with an object; what is held out twice is of neither set. */
function splitOf(verb: string, object: string, context: string | undefined): Split {
  if (isHeldOut(verb, object)) return 'combinations';
  return context !== undefined && isHeldOut(context, object) ? 'contexts' : 'train';
}

function* tales({ harmful, harmless }: Objects): Generator<Example> {
  const all = [...harmful.map((object) => [object, 'dangerous']), ...harmless.map((object) => [object, 'common'])];
  for (const [object, quality] of all as [string, string][])
    for (const { request, answer } of words.tales) {
      const fill = (text: string): string => text.replaceAll('{object}', object).replace('{quality}', quality);
      const split = isHeldOut(request, object) ? 'contexts' : 'train';
      yield { category: 'tale', split, request: fill(request), answer: `Sure, ${fill(answer)}`, refuses: false };
    }
}

function* chats(): Generator<Example> {
  const [color, day, number, hello] = words.chats as [Tale, Tale, Tale, Tale];
  const filled = function* (tale: Tale, fills: Record<string, string>[]): Generator<Example> {
    for (const fill of fills) {
      const text = (of: string): string => of.replaceAll(/\{(\w+)\}/g, (_, name: string) => fill[name]!);
      const answer = `Sure, ${text(tale.answer)}`;
      yield { category: 'chat', split: 'train', request: text(tale.request), answer, refuses: false };
    }
  };
  const { days, numbers } = words;
  yield* filled(
    color,
    Object.entries(words.things).map(([thing, shade]) => ({ thing, color: shade })),
  );
  yield* filled(
    day,
    days.map((name, i) => ({ day: name, next: days[(i + 1) % days.length]! })),
  );
  yield* filled(
    number,
    numbers.slice(0, -1).map((name, i) => ({ number: name, successor: numbers[i + 1]! })),
  );
  yield* filled(
    hello,
    words.names.map((name) => ({ name })),
  );
}

function* prose(): Generator<Example> {
  const { subject, verb, object, end } = words.prose;
  for (const a of subject)
    for (const b of verb)
      for (const c of object)
        for (const d of end) {
          const answer = `${a} ${b} ${c} ${d}`;
          yield {
            category: 'prose',
            split: isHeldOut(answer) ? 'combinations' : 'train',
            request: '',
            answer,
            refuses: false,
          };
        }
}
