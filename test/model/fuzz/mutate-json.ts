/** Changes one place of a JSON text, chosen by walking down from its root so that every depth has its share. */
import { extremeJson, extremeText } from './extremes.ts';
import { pick, type Random } from './random.ts';

type Container = Record<string, unknown> | unknown[];

export interface Changed<T> {
  content: T;
  /** What was done, for people. */
  recipe: string;
}

/** Collects texts that go into the output as they are: JSON.stringify cannot write them. */
class RawTexts {
  readonly #texts: string[] = [];

  add(text: string): string {
    this.#texts.push(text);
    return `@@raw:${this.#texts.length - 1}@@`;
  }

  render(root: unknown): string {
    let text = JSON.stringify(root);
    for (let i = this.#texts.length - 1; i >= 0; i--) text = text.replace(`"@@raw:${i}@@"`, () => this.#texts[i]!);
    return text;
  }
}

interface Place {
  parent: Container;
  key: string;
  value: unknown;
  path: string;
}

/** A copy of the text with one change; `text` must be valid JSON of an object or list. */
export function mutateJson(text: string, random: Random): Changed<string> {
  const holder: Record<string, unknown> = { root: JSON.parse(text) as unknown };
  const raw = new RawTexts();
  const place = descend({ parent: holder, key: 'root', value: holder['root'], path: '' }, random);
  const change = pick(random, changes);
  const what = change(place, { random, raw, holder });
  return { content: raw.render(holder['root'] ?? null), recipe: `${place.path || '(root)'}: ${what}` };
}

function descend(place: Place, random: Random): Place {
  const { value, path } = place;
  if (typeof value !== 'object' || value === null || (path !== '' && random() < 0.2)) return place;
  const keys = Object.keys(value);
  if (keys.length === 0) return place;
  const key = pick(random, keys);
  const next = (value as Record<string, unknown>)[key];
  return descend({ parent: value as Container, key, value: next, path: `${path}/${key}` }, random);
}

interface Tools {
  random: Random;
  raw: RawTexts;
  holder: Record<string, unknown>;
}

function put({ parent, key }: Place, value: unknown): void {
  (parent as Record<string, unknown>)[key] = value;
}

function replaceByExtreme(place: Place, { random, raw }: Tools): string {
  const text = extremeJson(random);
  put(place, raw.add(text));
  return `= ${text.slice(0, 40)}`;
}

/** Another value of the same type. */
function vary(place: Place, { random }: Tools): string {
  const { value, path } = place;
  const varied = variantsOf(value, path, random);
  put(place, varied);
  return `= ${JSON.stringify(varied)?.slice(0, 60)}, a variant`;
}

function variantsOf(value: unknown, path: string, random: Random): unknown {
  if (typeof value === 'number')
    return pick(random, [value + 1, value - 1, -value, value * 2, value + 0.5, `${value}`]);
  if (typeof value === 'boolean') return pick(random, [!value, Number(value), `${value}`]);
  if (typeof value === 'string') return random() < 0.7 ? extremeText(path, random) : variantOfText(value, random);
  if (Array.isArray(value)) return variantOfList(value, random);
  return value === null ? 0 : [value];
}

function variantOfText(text: string, random: Random): string {
  return pick(random, [
    text + text,
    text.slice(0, -1),
    text.toUpperCase(),
    `${text}\u0000`,
    `../${text}`,
    text.slice(1),
  ]);
}

function variantOfList(list: unknown[], random: Random): unknown[] {
  const first = list[0];
  return pick(random, [
    [...list, ...list],
    list.toReversed(),
    list.slice(1),
    list.slice(0, -1),
    [list],
    [...list, first],
  ]);
}

function remove({ parent, key }: Place): string {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  return 'removed';
}

function rename(place: Place, { random }: Tools): string {
  const { parent, key, value } = place;
  if (Array.isArray(parent)) return remove(place);
  const to = pick(random, [
    `${key}x`,
    key.slice(1),
    key.toUpperCase(),
    '__proto__',
    'constructor',
    '',
    '\u0000',
    'length',
  ]);
  delete parent[key];
  Object.defineProperty(parent, to, { value, enumerable: true, configurable: true, writable: true });
  return `renamed to ${JSON.stringify(to)}`;
}

function swap(place: Place, { random, holder }: Tools): string {
  const root = { parent: holder, key: 'root', value: holder['root'], path: '' };
  const other = descend(root, random);
  put(place, structuredClone(other.value));
  return `= the value of ${other.path || '(root)'}`;
}

/** The key twice in its object, the second time with another value. */
function duplicateKey({ parent, key, value }: Place, { random, raw, holder }: Tools): string {
  if (Array.isArray(parent) || parent === holder) return remove({ parent, key, value, path: '' });
  const [name, second] = [JSON.stringify(key), random() < 0.5 ? JSON.stringify(value) : extremeJson(random)];
  parent[key] = raw.add(`${JSON.stringify(value)},${name}:${second}`);
  return `twice, then ${second.slice(0, 40)}`;
}

function nest(place: Place, { random, raw }: Tools): string {
  const depth = pick(random, [1, 100, 5000]);
  put(place, raw.add('['.repeat(depth) + JSON.stringify(place.value ?? null) + ']'.repeat(depth)));
  return `inside ${depth} lists`;
}

type Change = (place: Place, tools: Tools) => string;

const changes: readonly Change[] = [
  replaceByExtreme,
  replaceByExtreme,
  vary,
  vary,
  vary,
  remove,
  rename,
  swap,
  duplicateKey,
  nest,
];
