/**
 * Changes a GGUF file where it has structure. Reads the layout with a reader of its own (ggml's docs/gguf.md), written
 * here so that nothing of the code under test decides what is tried.
 */
import { extremeInteger, extremeText } from './extremes.ts';
import type { Changed } from './mutate-json.ts';
import { integer, pick, type Random } from './random.ts';

/** A number in the header: `bytes` wide, at byte `at`. */
interface NumberField {
  kind: 'number';
  at: number;
  bytes: number;
  what: string;
}

/** A text in the header: its 64-bit length at `at`, then `bytes` bytes. */
interface TextField {
  kind: 'text';
  at: number;
  bytes: number;
  what: string;
}

/** A metadata entry or a row of the tensor table. */
interface Piece {
  of: 'metadata' | 'tensor';
  start: number;
  end: number;
  name: string;
  fields: (NumberField | TextField)[];
}

interface Layout {
  pieces: Piece[];
  tableEnd: number;
  dataStart: number;
}

const SCALAR_BYTES: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const [TEXT, LIST] = [8, 9];
/** Only the first entries of a list are changed one by one. */
const LISTED = 64;

/** Walks through a valid file. */
class Walker {
  position: number;
  fields: Piece['fields'] = [];
  readonly #file: Buffer;

  constructor(file: Buffer, position: number) {
    this.#file = file;
    this.position = position;
  }

  number(bytes: number, what: string, record = true): number {
    const at = this.position;
    if (record) this.fields.push({ kind: 'number', at, bytes, what });
    this.position += bytes;
    return bytes > 6 ? Number(this.#file.readBigUInt64LE(at)) : this.#file.readUIntLE(at, bytes);
  }

  text(what: string, record = true): string {
    const at = this.position;
    const bytes = Number(this.#file.readBigUInt64LE(at));
    if (record)
      this.fields.push({ kind: 'number', at, bytes: 8, what: `length of ${what}` }, { kind: 'text', at, bytes, what });
    this.position += 8 + bytes;
    return this.#file.toString('utf8', at + 8, at + 8 + bytes);
  }

  value(type: number, what: string, record = true): void {
    if (type === TEXT) this.text(what, record);
    else if (type === LIST) this.#list(what);
    else this.number(SCALAR_BYTES[type]!, what, record);
  }

  #list(what: string): void {
    const type = this.number(4, `entry type of ${what}`);
    const length = this.number(8, `length of ${what}`);
    for (let i = 0; i < length; i++) this.value(type, `${what}[${i}]`, i < LISTED);
  }

  piece(of: Piece['of'], walk: () => string): Piece {
    this.fields = [];
    const start = this.position;
    const name = walk();
    return { of, start, end: this.position, name, fields: this.fields };
  }
}

function layoutOf(file: Buffer): Layout {
  const walker = new Walker(file, 8);
  const [tensors, entries] = [walker.number(8, 'tensor count'), walker.number(8, 'metadata count')];
  const pieces: Piece[] = [];
  for (let i = 0; i < entries; i++) {
    pieces.push(
      walker.piece('metadata', () => {
        const key = walker.text('a key');
        walker.value(walker.number(4, `type of ${key}`), key);
        return key;
      }),
    );
  }
  for (let i = 0; i < tensors; i++) {
    pieces.push(
      walker.piece('tensor', () => {
        const name = walker.text('a tensor name');
        const rank = walker.number(4, `dimensions of ${name}`);
        for (let axis = 0; axis < rank; axis++) walker.number(8, `axis ${axis} of ${name}`);
        walker.number(4, `type of ${name}`);
        walker.number(8, `offset of ${name}`);
        return name;
      }),
    );
  }
  const tableEnd = walker.position;
  return { pieces, tableEnd, dataStart: Math.ceil(tableEnd / 32) * 32 };
}

const layouts = new WeakMap<Buffer, Layout>();

/** How many bytes come before the tensors' data. */
export function ggufHeaderLength(file: Buffer): number {
  const layout = layouts.get(file) ?? layoutOf(file);
  layouts.set(file, layout);
  return layout.dataStart;
}

/** `file` must be a valid GGUF file of alignment 32, and is not changed. */
export function mutateGguf(file: Buffer, random: Random): Changed<Buffer> {
  ggufHeaderLength(file);
  const layout = layouts.get(file)!;
  const piece = pick(random, layout.pieces);
  const chance = random();
  if (chance < 0.08) return withNumber(file, { at: pick(random, [0, 4, 8, 16]), bytes: 8, what: 'start' }, random);
  if (chance < 0.28) return rearranged(file, layout, { piece, random });
  const field = pick(random, piece.fields);
  if (field.kind === 'number') return withNumber(file, { ...field, what: `${piece.name}: ${field.what}` }, random);
  return withText(file, layout, { field, random });
}

/** Another number in place. */
function withNumber(file: Buffer, { at, bytes, what }: Omit<NumberField, 'kind'>, random: Random): Changed<Buffer> {
  const content = Buffer.from(file);
  const old = bytes > 6 ? content.readBigUInt64LE(at) : BigInt(content.readUIntLE(at, bytes));
  const value = BigInt.asUintN(
    8 * bytes,
    random() < 0.7 ? extremeInteger(random) : old + pick(random, [1n, -1n, old, 32n, 8n]),
  );
  for (let i = 0; i < bytes; i++) content[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  return { content, recipe: `${what} = ${value} (${bytes} bytes at ${at})` };
}

/** A header with other bytes from `start` to `end`, the data moved to where they then belong. */
function spliced(
  file: Buffer,
  layout: Layout,
  { start, end, bytes }: { start: number; end: number; bytes: Buffer },
): Buffer {
  const header = Buffer.concat([file.subarray(0, start), bytes, file.subarray(end, layout.tableEnd)]);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, file.subarray(layout.dataStart)]);
}

function withText(
  file: Buffer,
  layout: Layout,
  { field, random }: { field: TextField; random: Random },
): Changed<Buffer> {
  const text = extremeText(field.what, random);
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  const change = { start: field.at, end: field.at + 8 + field.bytes, bytes: Buffer.concat([length, bytes]) };
  return { content: spliced(file, layout, change), recipe: `${field.what} = ${JSON.stringify(text).slice(0, 60)}` };
}

/** A piece removed, doubled or put in another's place; the count is made to fit, mostly. */
function rearranged(
  file: Buffer,
  layout: Layout,
  { piece, random }: { piece: Piece; random: Random },
): Changed<Buffer> {
  const same = layout.pieces.filter(({ of }) => of === piece.of);
  const other = same[integer(random, same.length)]!;
  const bytesOf = ({ start, end }: Piece) => file.subarray(start, end);
  const how = pick(random, ['removed', 'doubled', 'replaced'] as const);
  const bytes = { removed: [], doubled: [bytesOf(piece), bytesOf(piece)], replaced: [bytesOf(other)] }[how];
  const content = spliced(file, layout, { start: piece.start, end: piece.end, bytes: Buffer.concat(bytes) });
  const counted = random() < 0.8;
  const at = piece.of === 'tensor' ? 8 : 16;
  if (counted) content.writeBigUInt64LE(content.readBigUInt64LE(at) + BigInt(bytes.length - 1), at);
  const by = how === 'replaced' ? ` by ${other.name}` : '';
  return { content, recipe: `${piece.of} ${piece.name} ${how}${by}${counted ? '' : ', not counted'}` };
}

/** The file with the number of a metadata key set to another, written into its place. */
export function withGgufNumber(file: Buffer, key: string, value: number): Buffer {
  const fields = layoutOf(file).pieces.find(({ name }) => name === key)?.fields ?? [];
  const field = fields.find(({ kind, what }) => kind === 'number' && what === key);
  if (field === undefined) throw new Error(`no number ${key}`);
  const content = Buffer.from(file);
  content.writeUIntLE(value, field.at, field.bytes);
  return content;
}
