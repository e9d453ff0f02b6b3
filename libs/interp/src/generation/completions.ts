/**
 * Completions on their way: as arrays beside a shard's other arrays, so that they are merged like them, and from there
 * to what result.json shows.
 */
import { textOf, type FinishReason, type Tokenizer } from '@demur/model';
import type { NamedArray } from '../named-array.ts';
import type { ShardArrays } from '../shard.ts';

/** What the model wrote. */
export interface Completion {
  /** A stop token, where one ended it, included. */
  tokens: number[];
  /** Without the stop token that ended it; null without a tokenizer. */
  text: string | null;
  finish: FinishReason;
}

const TOKENS = 'completions.tokens';
const FINISH = 'completions.finish';
const REASONS: FinishReason[] = ['stop', 'length', 'context'];

/** Adds completions to a shard's arrays: tokens [...shape, token], NaN after the last one, and why each ended [...shape]. */
export function addCompletions(
  arrays: ShardArrays,
  shape: number[],
  made: readonly { tokens: number[]; finish: FinishReason }[],
  maxTokens: number,
): void {
  const tokens = new Float32Array(made.length * maxTokens).fill(NaN);
  for (const [i, { tokens: own }] of made.entries()) tokens.set(own, i * maxTokens);
  arrays[TOKENS] = { shape: [...shape, maxTokens], values: tokens };
  arrays[FINISH] = { shape, values: Float32Array.from(made, ({ finish }) => REASONS.indexOf(finish)) };
}

/** Takes the completions out of an experiment's arrays; undefined where it has none. */
export function takeCompletions(
  arrays: Record<string, NamedArray>,
  tokenizer: Tokenizer | null,
): { shape: number[]; list: Completion[] } | undefined {
  const { [TOKENS]: tokens, [FINISH]: finish } = arrays;
  if (tokens === undefined || finish === undefined) return undefined;
  delete arrays[TOKENS];
  delete arrays[FINISH];
  const width = tokens.shape.at(-1)!;
  const list = Array.from(finish.values, (reason, i) => {
    const own = [...tokens.values.subarray(i * width, (i + 1) * width)].filter((id) => !Number.isNaN(id));
    return completionOf(own, REASONS[reason]!, tokenizer);
  });
  return { shape: finish.shape, list };
}

function completionOf(tokens: number[], finish: FinishReason, tokenizer: Tokenizer | null): Completion {
  const shown = finish === 'stop' ? tokens.slice(0, -1) : tokens;
  return { tokens, text: tokenizer === null ? null : textOf(shown, tokenizer), finish };
}

/** A sweep's completions as result.json has them, [coefficient][pair]. */
export function sweepCompletions({ shape, list }: { shape: number[]; list: Completion[] }): Completion[][] {
  const [coefficients, pairs] = shape as [number, number];
  return Array.from({ length: coefficients }, (_, c) => list.slice(c * pairs, (c + 1) * pairs));
}
