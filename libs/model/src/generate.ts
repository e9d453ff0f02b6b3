/**
 * Generation with a cache of keys and values: prompts in, tokens out, with edits at every step. Prompts of one length run
 * as one batch, length by length, so there is no padding to be right about. Not a tokenizer: text is shown on the way out.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { KeyValues } from './components/row-groups.ts';
import type { ModelConfig } from './config.ts';
import { editHooks } from './edits.ts';
import type { Edit } from './edits.ts';
import { DemurError } from './errors.ts';
import type { HookName } from './hooks.ts';
import { randomStream } from './random.ts';
import { greedyToken, LogitsNotFiniteError, requireSampling, sampledToken, SamplingError } from './sampling.ts';
import type { Sampling } from './sampling.ts';
import { TextPieces } from './text-pieces.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import type { Prefix, Run } from './forward.ts';
import type { Transformer } from './transformer.ts';

export interface GenerateOptions {
  /** Tokens to make at most, a row. With 0 the prompts run once, for `onLogits`. */
  maxTokens: number;
  /** Applied in every pass, the prompt's included. A list of positions means columns of the sequence; `rows`, prompts. */
  edits?: readonly Edit[];
  /** Greedy unless said. */
  sampling?: Sampling | undefined;
  /** Of each prompt, its own stream of random numbers; by default its index. A row's draws depend on nothing else. */
  streams?: readonly number[];
  /** Tokens that end a row; they stand in its result. */
  stopTokens?: readonly number[];
  /** Gives `onToken` its text. */
  tokenizer?: Tokenizer | null;
  onToken?: (made: MadeToken) => void;
  /** The logits [dVocab] that a row's token number `step` is chosen from. Only lent: copy what is to stay. */
  onLogits?: (row: number, step: number, logits: Float32Array) => void;
  /** Activations of the prompts to show; `rows` are those of a pass, whose prompts are of one length. Only lent. */
  capture?: { names: readonly HookName[]; show: (rows: readonly number[], activations: Activations) => void };
  /** Called before each pass with the passes done and the most there can be. */
  onStep?: (done: number, total: number) => void;
  /** Asked before each pass; what it throws ends the call. An AbortSignal: `{ throwIfCancelled: () => signal.throwIfAborted() }`. */
  cancel?: { throwIfCancelled(): void };
}

/** By name, in canonical shapes. */
export type Activations = ReadonlyMap<HookName, Tensor>;

export interface MadeToken {
  row: number;
  token: number;
  /** The text that the token completes, the stop token's included; empty within a character, null without tokenizer. */
  text: string | null;
}

/** Why a row ended: a stop token, `maxTokens`, or the model's context is full. */
export type FinishReason = 'stop' | 'length' | 'context';

export interface Generated {
  tokens: number[];
  finish: FinishReason;
}

/** A prompt that cannot be continued. */
export class PromptError extends DemurError {
  constructor(row: number, problem: string) {
    super('INVALID_PROMPT', `prompt ${row} ${problem}`);
  }
}

/**
 * Continues each prompt, a list of token ids; the results are in their order. Each row's result is what it would be alone.
 * Each step writes the cache anew, one token longer: on a 135M model (46 kB a token and row) that copies 0.4 GB in all for
 * 100 tokens after a prompt of 40, and 7 GB for 512.
 * @throws PromptError, SamplingError, EditError, UnknownHookError, LogitsNotFiniteError, and what `cancel` throws; no
 *   tensor stays behind.
 */
export async function generate(
  model: Transformer,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Generated[]> {
  const { maxTokens, sampling } = options;
  if (sampling !== undefined) requireSampling(sampling);
  if (!Number.isInteger(maxTokens) || maxTokens < 0)
    throw new SamplingError('maxTokens', maxTokens, 'a whole number, 0 or more');
  for (const [row, prompt] of prompts.entries()) requirePrompt(row, prompt, model.config);
  const rows = prompts.map((prompt, index) => openRow(index, prompt, options));
  const lengths = [...Map.groupBy(rows, ({ prompt }) => prompt.length).values()];
  const passes = Math.max(1, maxTokens);
  for (const [i, ofLength] of lengths.entries()) {
    const onStep = (done: number): void => options.onStep?.(i * passes + done, lengths.length * passes);
    await continueRows(model, ofLength, { ...options, onStep, batch: rows.length });
  }
  return rows.map(({ tokens, finish }) => ({ tokens, finish: finish ?? 'length' }));
}

function requirePrompt(row: number, prompt: readonly number[], { nCtx, dVocab }: ModelConfig): void {
  if (prompt.length === 0) throw new PromptError(row, 'has no tokens; give at least one');
  if (prompt.length > nCtx)
    throw new PromptError(row, `has ${prompt.length} tokens, and the context ${nCtx}; shorten it`);
  const bad = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (bad !== undefined) throw new PromptError(row, `has the token ${bad}; give ids from 0 to ${dVocab - 1}`);
}

/** A prompt on its way. */
interface Row {
  index: number;
  prompt: readonly number[];
  tokens: number[];
  finish: FinishReason | null;
  random: () => number;
  pieces: TextPieces | null;
}

function openRow(index: number, prompt: readonly number[], options: GenerateOptions): Row {
  const { sampling, streams, tokenizer } = options;
  return {
    index,
    prompt,
    tokens: [],
    finish: null,
    random: randomStream(sampling?.seed ?? 0, streams?.[index] ?? index),
    pieces: tokenizer ? new TextPieces(tokenizer) : null,
  };
}

interface StepOptions extends Omit<GenerateOptions, 'onStep'> {
  onStep: (done: number) => void;
  /** Rows of the whole call. */
  batch: number;
}

/** Runs rows of one length to their ends; a row that has ended leaves the batch. */
async function continueRows(model: Transformer, all: readonly Row[], options: StepOptions): Promise<void> {
  let rows = all;
  let cache: Prefix | null = null;
  try {
    for (let step = 0; rows.length > 0; step++) {
      options.cancel?.throwIfCancelled();
      options.onStep(step);
      const pass = runPass(model, rows, { cache, options });
      cache = pass.cache;
      await takeTokens(pass.logits, rows, { step, options, nCtx: model.config.nCtx });
      const going = rows.flatMap(({ finish }, i) => (finish === null ? [i] : []));
      cache = going.length === rows.length ? cache : keepRows(cache, going);
      rows = rows.filter(({ finish }) => finish === null);
    }
  } finally {
    disposeCache(cache);
  }
}

/** One pass over the tokens that the cache does not hold yet: logits at the last position, and the cache that it leaves. */
function runPass(
  model: Transformer,
  rows: readonly Row[],
  { cache, options }: { cache: Prefix | null; options: StepOptions },
): { logits: Tensor2D; cache: Prefix | null } {
  const { config } = model;
  const sequences = rows.map(({ prompt, tokens }) => [...prompt, ...tokens]);
  const length = sequences[0]?.length ?? 0;
  const caches = anglesStay(config, length);
  const start = caches ? (cache?.length ?? 0) : 0;
  const hooks = editHooks(options.edits ?? [], {
    nLayers: config.nLayers,
    start,
    lastFrom: caches ? length - 1 : (rows[0]?.prompt.length ?? 1) - 1,
    rows: rows.map(({ index }) => index),
    batch: options.batch,
  });
  const prefix = start > 0 && cache !== null ? { prefix: cache } : {};
  const isPrompt = rows.every(({ tokens }) => tokens.length === 0);
  const capture = isPrompt ? options.capture?.names : [];
  const run = model.forward(
    sequences.map((sequence) => sequence.slice(start)),
    { ...prefix, hooks, capture, logitsAt: 'last', keepKeyValues: caches },
  );
  showCaptured(run, rows, isPrompt ? options : {});
  const logits = run.logits as Tensor2D;
  if (!caches) {
    disposeCache(cache);
    return { logits, cache: null };
  }
  return { logits, cache: extended(cache, { length, layers: run.keyValues }) };
}

/** Hands out what was captured, and frees it; when that throws, the whole run. */
function showCaptured(run: Run, rows: readonly Row[], { capture }: Pick<GenerateOptions, 'capture'>): void {
  try {
    capture?.show(
      rows.map(({ index }) => index),
      run.activations,
    );
  } catch (error) {
    run.dispose();
    throw error;
  }
  tf.dispose([...run.activations.values()]);
}

/** Whether a sequence of this length turns earlier columns by the angles that they were cached with: dynamic scaling does not. */
function anglesStay({ positions }: ModelConfig, length: number): boolean {
  const scaling = positions.kind === 'rotary' ? positions.scaling : null;
  return scaling?.kind !== 'dynamic' || length <= scaling.originalContext;
}

/** Old and new keys and values side by side; both parts are freed. */
function extended(cache: Prefix | null, { length, layers }: Prefix): Prefix {
  if (cache === null) return { length, layers };
  const joined = layers.map(({ keys, values }, layer) => {
    const old = cache.layers[layer] as KeyValues;
    const both = { keys: tf.concat([old.keys, keys], 2), values: tf.concat([old.values, values], 2) };
    tf.dispose([old.keys, old.values, keys, values]);
    return both;
  });
  return { length, layers: joined };
}

/** The cache of some of its rows; the whole one is freed. */
function keepRows(cache: Prefix | null, rows: readonly number[]): Prefix | null {
  if (cache === null || rows.length === 0) {
    disposeCache(cache);
    return null;
  }
  const layers = tf.tidy(() => {
    const indices = tf.tensor1d([...rows], 'int32');
    return cache.layers.map(({ keys, values }) => ({
      keys: tf.gather(keys, indices, 1),
      values: tf.gather(values, indices, 1),
    }));
  });
  disposeCache(cache);
  return { length: cache.length, layers };
}

function disposeCache(cache: Prefix | null): void {
  for (const { keys, values } of cache?.layers ?? []) tf.dispose([keys, values]);
}

/** Reads the logits [rows, dVocab], frees them, and gives each row its next token. */
async function takeTokens(
  logits: Tensor2D,
  rows: readonly Row[],
  { step, options, nCtx }: { step: number; options: StepOptions; nCtx: number },
): Promise<void> {
  let values: Float32Array;
  try {
    values = await logits.data<'float32'>();
  } finally {
    logits.dispose();
  }
  const width = values.length / rows.length;
  for (const [i, row] of rows.entries()) {
    const own = values.subarray(i * width, (i + 1) * width);
    if (!own.every((logit) => Number.isFinite(logit))) throw new LogitsNotFiniteError(row.index, step);
    options.onLogits?.(row.index, step, own);
    if (options.maxTokens === 0) row.finish = 'length';
    else addToken(row, own, { options, nCtx });
  }
}

function addToken(row: Row, logits: Float32Array, { options, nCtx }: { options: StepOptions; nCtx: number }): void {
  const { sampling, stopTokens = [], maxTokens, onToken } = options;
  const token = sampling === undefined ? greedyToken(logits) : sampledToken(logits, sampling, row.random);
  row.tokens.push(token);
  row.finish = finishOf(row, { stops: stopTokens.includes(token), maxTokens, nCtx });
  if (onToken === undefined) return;
  const piece = row.pieces?.push(token) ?? null;
  const text = piece === null || row.finish === null ? piece : piece + (row.pieces?.end() ?? '');
  onToken({ row: row.index, token, text });
}

function finishOf(
  { prompt, tokens }: Row,
  { stops, maxTokens, nCtx }: { stops: boolean; maxTokens: number; nCtx: number },
): FinishReason | null {
  if (stops) return 'stop';
  if (tokens.length >= maxTokens) return 'length';
  return prompt.length + tokens.length > nCtx ? 'context' : null;
}
