// Reads fields of untrusted key/value records (config.json, GGUF metadata) with messages that name the field.
// Not a schema: each family asks for the fields it understands.

import { isDeepStrictEqual } from 'node:util';
import { DemurError } from './errors.ts';

/** Untrusted keys and values, and the name of the file they came from (for messages). */
export interface Fields {
  file: string;
  values: ReadonlyMap<string, unknown>;
}

/** A field of a model's configuration that is missing, of the wrong type or out of range. */
export class ConfigFieldError extends DemurError {
  constructor(fields: Fields, key: string, expected: string) {
    const value = fields.values.get(key);
    const found = value === undefined ? 'is missing' : `is ${shown(value)}`;
    super(
      'INVALID_CONFIG',
      `${fields.file}: "${key}" ${found}, expected ${expected}; correct the file or convert again.`,
    );
  }
}

/** A field that asks for something that changes results and is not implemented here. */
export class UnsupportedConfigError extends DemurError {
  constructor(fields: Fields, key: string, supported: string) {
    super(
      'UNSUPPORTED_CONFIG',
      `${fields.file}: "${key}" is ${shown(fields.values.get(key))}, which is not supported (only ${supported}); ` +
        'use a model without it.',
    );
  }
}

/** A value as it appears in a message: JSON, at most 80 characters, however large or deep the value is. */
export function shown(value: unknown): string {
  const text = json(value, 0);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The first entries of the first levels: enough to fill a message. */
function json(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === 8) return '...';
  if (Array.isArray(value))
    return `[${value
      .slice(0, 40)
      .map((item) => json(item, depth + 1))
      .join()}]`;
  const pairs = Object.entries(value).slice(0, 40);
  return `{${pairs.map(([key, item]) => `${JSON.stringify(key.slice(0, 80))}:${json(item, depth + 1)}`).join()}}`;
}

/** Whether a field is given: JSON's null counts as absent, as it does for Hugging Face. */
export function hasField(fields: Fields, key: string): boolean {
  return fields.values.get(key) !== undefined && fields.values.get(key) !== null;
}

/** An integer of `min..max` (default 1..2^31-1); `fallback` where the field is absent. */
export function integerField(
  fields: Fields,
  key: string,
  { min = 1, max = 2 ** 31 - 1, fallback }: { min?: number; max?: number; fallback?: number } = {},
): number {
  if (!hasField(fields, key) && fallback !== undefined) return fallback;
  const value = fields.values.get(key);
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigFieldError(fields, key, `an integer between ${min} and ${max}`);
}

/** A finite number above zero; `fallback` where the field is absent. */
export function positiveField(fields: Fields, key: string, fallback?: number): number {
  if (!hasField(fields, key) && fallback !== undefined) return fallback;
  const value = fields.values.get(key);
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new ConfigFieldError(fields, key, 'a number above 0');
}

/** true or false; `fallback` where the field is absent. */
export function booleanField(fields: Fields, key: string, fallback: boolean): boolean {
  if (!hasField(fields, key)) return fallback;
  const value = fields.values.get(key);
  if (typeof value === 'boolean') return value;
  throw new ConfigFieldError(fields, key, 'true or false');
}

/** A text; undefined where the field is absent. */
export function stringField(fields: Fields, key: string): string | undefined {
  if (!hasField(fields, key)) return undefined;
  const value = fields.values.get(key);
  if (typeof value === 'string') return value;
  throw new ConfigFieldError(fields, key, 'a text');
}

/** A nested record as fields of its own, keys prefixed in messages by the file's name only; null where absent. */
export function recordField(fields: Fields, key: string): Fields | null {
  if (!hasField(fields, key)) return null;
  const value = fields.values.get(key);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigFieldError(fields, key, 'an object');
  }
  return { file: `${fields.file} ${key}`, values: new Map(Object.entries(value)) };
}

/** Refuses a field whose value is none of the neutral ones, i.e. those that change nothing. */
export function requireNeutral(fields: Fields, key: string, neutral: readonly unknown[]): void {
  if (!hasField(fields, key)) return;
  const found = fields.values.get(key);
  if (neutral.some((value) => isDeepStrictEqual(value, found))) return;
  throw new UnsupportedConfigError(fields, key, neutral.map(shown).concat('absent').join(' or '));
}
