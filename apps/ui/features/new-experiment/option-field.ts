/** What the form knows of an option: where it stands in the spec, its words, how it is entered and read. Choices and defaults are the schema's. */

/** A text, a tick, or the ticked ones of a list. */
export type OptionValue = string | boolean | string[];
/** By the path of the option, such as `scores.method`. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

export interface OptionField {
  /** In the spec's options; of a `way`, a name for the form alone. */
  path: string;
  label: string;
  hint?: string;
  /** An example, shown while the field is empty. */
  example?: string;
  /** A way is a choice of the form between fields that exclude each other; it is not written. */
  control: 'way' | 'segmented' | 'select' | 'checks' | 'flag' | 'text' | 'lines';
  /** What choices are called; those of a way, which the schema does not know, all stand here. */
  words?: Readonly<Record<string, string>>;
  /** What a text is in the spec; a string unless given. */
  reads?: TextReading;
  /** What the form begins with where that is not the spec's default. */
  start?: OptionValue;
  /** Shown, and written, only while these other fields have one of these values. */
  when?: Readonly<Record<string, readonly string[]>>;
}

/** The number that a text is; the text itself where it is none. */
function numberOf(text: string): number | string {
  const trimmed = text.trim();
  return trimmed === '' || Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
}

const listOf = (text: string): (number | string)[] =>
  text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(numberOf);

/** The text itself where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

/** Readings of a text that is not empty. What cannot be read so is given as it is, for the server to judge. */
const readings = {
  number: numberOf,
  json: jsonOf,
  /** Numbers and names; or the single word that the option may be instead, such as `all`. */
  list: (text: string, single: readonly string[]) => (single.includes(text.trim()) ? text.trim() : listOf(text)),
};

export type TextReading = keyof typeof readings;

/**
 * What the spec has for an entered value; undefined for an empty text, which leaves the option out.
 * @param single the words that the option may be instead of a list
 */
export function readOption(value: OptionValue, reads: TextReading | undefined, single: readonly string[]): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return undefined;
  return reads === undefined ? value.trim() : readings[reads](value, single);
}

/** A default of the schema as it is entered; a list of what is ticked stays one. */
export function enteredValue(value: unknown, control: OptionField['control']): OptionValue {
  if (typeof value === 'boolean' || control === 'flag') return value === true;
  if (control === 'checks') return (value as string[] | undefined) ?? [];
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
