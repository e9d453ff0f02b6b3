/**
 * Indirect object identification (Wang et al. 2022, arXiv 2211.00593): `When Mary and John went to the store, John gave a
 * drink to` is answered by the name said once (IO), not by the one said twice (S1, S2).
 */
import { randomStream, type Tokenizer } from '@demur/model';
import type { PairSpec, Slots } from '../spec/pair.ts';
import { NoPairsError } from './errors.ts';
import { oneTokenWords } from './one-token.ts';
import { readData } from './read-data.ts';
import type { MadePairs } from './template.ts';

interface IoiWords {
  templates: string[];
  names: string[];
  places: string[];
  objects: string[];
}

export interface IoiOptions {
  count: number;
  seed: number;
  /** `flip`: S2 becomes IO, so that the answer changes; `abc`: three other names, as in the paper. */
  corrupted: 'flip' | 'abc';
}

type Pick = <T>(from: readonly T[]) => T;

/**
 * `count` pairs, by turns with IO first (ABBA) and S first (BABA). Names, places and objects are one token each on the
 * tokenizer; the others are told in `dropped`. The same seed gives the same pairs. Throws `NoPairsError`.
 */
export function ioiPairs(tokenizer: Tokenizer, { count, seed, corrupted }: IoiOptions): MadePairs {
  const words = readData<IoiWords>('ioi');
  const dropped: string[] = [];
  const names = oneTokenWords(words.names, 'to ', { tokenizer, dropped });
  const places = oneTokenWords(words.places, 'the ', { tokenizer, dropped }).map(({ word }) => word);
  const objects = oneTokenWords(words.objects, 'a ', { tokenizer, dropped }).map(({ word }) => word);
  if (names.length < 5 || places.length === 0 || objects.length === 0) throw new NoPairsError(dropped);
  const random = randomStream(seed, 0);
  const pick: Pick = (from) => from[Math.floor(random() * from.length)]!;
  const pairs = Array.from({ length: count }, (_, i): PairSpec => {
    const [io, s, ...others] = distinct(names, 5, pick);
    const template = ordered(pick(words.templates), i % 2 === 0);
    const setting = used({ place: pick(places), object: pick(objects) }, template);
    const clean = { IO: io!.word, S1: s!.word, S2: s!.word };
    const [a, b, c] = others.map(({ word }) => word) as [string, string, string];
    const counterfactual = corrupted === 'abc' ? { IO: a, S1: b, S2: c } : { ...clean, S2: io!.word };
    return {
      clean: { text: template, slots: { ...clean, ...setting } },
      corrupted: { text: template, slots: { ...counterfactual, ...setting } },
      ...{ answer: io!.text, distractor: s!.text },
    };
  });
  return { pairs, dropped };
}

/** `{first}` and `{second}` as the names of their slots. */
function ordered(template: string, ioFirst: boolean): string {
  const [first, second] = ioFirst ? ['{IO}', '{S1}'] : ['{S1}', '{IO}'];
  return template.replace('{first}', first).replace('{second}', second).replace('{again}', '{S2}');
}

const used = (slots: Slots, template: string): Slots =>
  Object.fromEntries(Object.entries(slots).filter(([slot]) => template.includes(`{${slot}}`)));

function distinct<T>(from: readonly T[], count: number, pick: Pick): T[] {
  const taken = new Set<T>();
  while (taken.size < count) taken.add(pick(from));
  return [...taken];
}
