/** Finds the line of a JSON text that a path such as `pairs[3].answer` points to. */

interface Reader {
  text: string;
  at: number;
}

/** Line from 1 of the value at `path`, or of the closest one that holds it; 1 for text that is no JSON. */
export function lineOfPath(text: string, path: string): number {
  let best = { depth: 0, at: 0 };
  const wanted = pathKeys(path);
  const seen = (keys: readonly string[], at: number): void => {
    const matches = keys.every((key, i) => key === wanted[i]);
    if (matches && keys.length > best.depth) best = { depth: keys.length, at };
  };
  try {
    readValue({ text, at: 0 }, [], seen);
  } catch {
    return 1;
  }
  return text.slice(0, best.at).split('\n').length;
}

/** `pairs[3].answer` → `['pairs', '3', 'answer']` */
export function pathKeys(path: string): string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}

type Seen = (keys: readonly string[], at: number) => void;

function readValue(reader: Reader, keys: readonly string[], seen: Seen): void {
  skip(reader, /[\s]*/y);
  const opening = reader.text[reader.at];
  if (opening === '{') readObject(reader, keys, seen);
  else if (opening === '[') readArray(reader, keys, seen);
  else if (opening === '"') readString(reader);
  else if (skip(reader, /[-\w.+]+/y) === '') throw new SyntaxError('a value is missing');
}

function readObject(reader: Reader, keys: readonly string[], seen: Seen): void {
  reader.at += 1;
  while (!closes(reader, '}')) {
    const start = reader.at;
    const inner = [...keys, readString(reader)];
    seen(inner, start);
    skip(reader, /\s*:/y);
    readValue(reader, inner, seen);
    skip(reader, /\s*,?/y);
  }
}

function readArray(reader: Reader, keys: readonly string[], seen: Seen): void {
  reader.at += 1;
  for (let index = 0; !closes(reader, ']'); index += 1) {
    const inner = [...keys, String(index)];
    seen(inner, reader.at);
    readValue(reader, inner, seen);
    skip(reader, /\s*,?/y);
  }
}

function closes(reader: Reader, bracket: string): boolean {
  skip(reader, /\s*/y);
  if (reader.at >= reader.text.length) throw new SyntaxError('a bracket is not closed');
  if (reader.text[reader.at] !== bracket) return false;
  reader.at += 1;
  return true;
}

function readString(reader: Reader): string {
  const raw = skip(reader, /"(?:[^"\\]|\\.)*"/y);
  return JSON.parse(raw) as string;
}

/** Moves over what the pattern matches here, and gives it. */
function skip(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const [found = ''] = pattern.exec(reader.text) ?? [];
  reader.at += found.length;
  return found;
}
