// What configurations of every family and format say in the same way: heads, token ids, activations, and limits on sizes.

import type { Activation, ModelConfig } from '../config.ts';
import { ConfigFieldError, hasField, integerField, stringField, UnsupportedConfigError } from '../fields.ts';
import type { Fields } from '../fields.ts';

export const MAX_LAYERS = 1024;
/** Far above any context that was ever trained, far below what would make an allocation by it fail. */
export const MAX_CONTEXT = 2 ** 24;

/** transformers' names of what is computed here; several are one function with constants rounded differently. */
const activations: ReadonlyMap<string, Activation> = new Map([
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['relu', 'relu'],
  ['gelu', 'gelu'],
  ['gelu_python', 'gelu'],
  ['gelu_new', 'gelu-tanh'],
  ['gelu_pytorch_tanh', 'gelu-tanh'],
  ['gelu_python_tanh', 'gelu-tanh'],
  ['gelu_fast', 'gelu-tanh'],
  ['gelu_accurate', 'gelu-tanh'],
]);

/** @throws UnsupportedConfigError */
export function activationField(fields: Fields, key: string, fallback: Activation): Activation {
  const name = stringField(fields, key);
  if (name === undefined) return fallback;
  const found = activations.get(name);
  if (found !== undefined) return found;
  throw new UnsupportedConfigError(fields, key, [...activations.keys()].join(', '));
}

/** Dimensions per head where the width is split evenly over the heads. @throws ConfigFieldError */
export function evenHeadSize(fields: Fields, widthKey: string, nHeads: number): number {
  const width = integerField(fields, widthKey);
  if (width % nHeads === 0) return width / nHeads;
  throw new ConfigFieldError(fields, widthKey, `a multiple of the ${nHeads} heads`);
}

/** Dimensions per head, an even number since rotary positions turn pairs; by default `evenHeadSize`. @throws ConfigFieldError */
export function rotaryHeadSize(fields: Fields, key: string, widthKey: string, nHeads: number): number {
  const given = hasField(fields, key);
  const size = given ? integerField(fields, key) : evenHeadSize(fields, widthKey, nHeads);
  if (size % 2 === 0) return size;
  throw new ConfigFieldError(fields, given ? key : widthKey, 'an even number of dimensions per head');
}

/** Every key/value head serves the same number of query heads. @throws ConfigFieldError */
export function withCheckedHeads(fields: Fields, key: string, kvKey: string, config: ModelConfig): ModelConfig {
  if (config.nHeads % config.nKvHeads === 0) return config;
  throw new ConfigFieldError(fields, kvKey, `a divisor of "${key}", which is ${config.nHeads}`);
}

/** One id, a list of ids, or none. @throws ConfigFieldError */
export function tokenIds(fields: Fields, key: string): number[] {
  if (!hasField(fields, key)) return [];
  const value = fields.values.get(key);
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  if (ids.every((id) => Number.isInteger(id) && (id as number) >= 0)) return ids as number[];
  throw new ConfigFieldError(fields, key, 'a token id or a list of token ids');
}
