/**
 * What a model makes of prompts, through experiments as anyone runs them: its next tokens, its completions, and how far an
 * intervention takes it from itself. Not what the numbers mean.
 */
import {
  parseSpec,
  prepareExperiment,
  runExperiment,
  tokenizerOf,
  type EnginePool,
  type ExperimentResult,
} from '@demur/interp';
import { openModelSource, TokenizerMissingError, type Tokenizer } from '@demur/model';

/** A model that is measured, by the engine that experiments run on. */
export interface MeasuredModel {
  path: string;
  tokenizer: Tokenizer;
  pool: EnginePool;
}

/** @throws the source's own errors; TokenizerMissingError */
export async function openMeasured(path: string, pool: EnginePool): Promise<MeasuredModel> {
  const tokenizer = await tokenizerOf(await openModelSource(path));
  if (tokenizer === null) throw new TokenizerMissingError(path, 'tokenizer.json');
  return { path, tokenizer, pool };
}

/** Token ids of a request up to where the answer begins. */
export function chatTokens({ tokenizer }: MeasuredModel, request: string): number[] {
  const text = tokenizer.applyChatTemplate([{ role: 'user', content: request }], { addGenerationPrompt: true });
  return tokenizer.encode(text);
}

/** Runs an experiment. */
export async function run(model: MeasuredModel, spec: object): Promise<ExperimentResult> {
  const parsed = parseSpec({ model: model.path, ...spec });
  return runExperiment(parsed, { pool: model.pool, prepared: await prepareExperiment(parsed) });
}

/**
 * Prompts as an experiment's pairs: each the clean prompt of its own, whose corrupted one, of which nothing is asked, differs
 * in the last token.
 */
function pairsOf(prompts: readonly (readonly number[])[], { answer, distractor }: AnswerTokens): object[] {
  return prompts.map((tokens) => {
    const other = tokens.at(-1) === answer ? distractor : answer;
    return { clean: { tokens }, corrupted: { tokens: [...tokens.slice(0, -1), other] }, answer, distractor };
  });
}

/** The first words of refusing and of complying. */
export interface AnswerTokens {
  answer: number;
  distractor: number;
}

export function answerTokens({ tokenizer }: MeasuredModel): AnswerTokens {
  const [answer, distractor] = ['Sorry', 'Sure'].map((word) => tokenizer.encode(word)[0]!);
  return { answer: answer!, distractor: distractor! };
}

export interface NextTokens {
  /** logit(Sorry) − logit(Sure), by prompt. */
  logitDifferences: Float32Array;
  /** The likeliest next token, by prompt. */
  likeliest: number[];
}

/** What comes after each prompt. */
export async function nextTokens(model: MeasuredModel, prompts: readonly number[][]): Promise<NextTokens> {
  const pairs = pairsOf(prompts, answerTokens(model));
  const { arrays } = await run(model, { kind: 'activations', pairs, options: { names: [], logits: 'last' } });
  const { shape, values } = arrays['clean.logits_last']!;
  const rows = prompts.map((_, row) => values.subarray(row * shape[1]!, (row + 1) * shape[1]!));
  return { logitDifferences: arrays['clean.metric']!.values, likeliest: rows.map(indexOfLargest) };
}

/** Of every token of each text but the first, −log p(token | those before) in nats and whether it was the likeliest. */
export async function tokenLosses(
  model: MeasuredModel,
  texts: readonly number[][],
): Promise<{ nats: number; isLikeliest: boolean }[][]> {
  const pairs = pairsOf(texts, answerTokens(model));
  const { arrays } = await run(model, { kind: 'activations', pairs, options: { names: [], logits: 'all' } });
  const { shape, values } = arrays['clean.logits']!;
  const [, columns, width] = shape as [number, number, number];
  return texts.map((tokens, row) =>
    tokens.slice(1).map((token, at) => {
      const start = (row * columns + columns - tokens.length + at) * width;
      const logits = values.subarray(start, start + width);
      return { nats: logSumExp(logits) - logits[token]!, isLikeliest: indexOfLargest(logits) === token };
    }),
  );
}

/** How an experiment of the kind `generation` or `steering` names what is done to the model. */
export interface Intervention {
  direction: { values: number[] };
  mode: 'add' | 'ablate';
  layers: number[] | 'all';
}

/** The greedy completion of each prompt. */
export async function completions(
  model: MeasuredModel,
  prompts: readonly number[][],
  { maxTokens, interventions = [] }: { maxTokens: number; interventions?: Intervention[] },
): Promise<string[]> {
  const pairs = pairsOf(prompts, answerTokens(model));
  const { result } = await run(model, { kind: 'generation', pairs, options: { maxTokens, interventions } });
  return (result.completions as { text: string }[]).map(({ text }) => text);
}

/** KL(as it is || under the intervention) of the token after each prompt, in nats. */
export async function divergences(
  model: MeasuredModel,
  prompts: readonly number[][],
  intervention: Intervention,
): Promise<Float32Array> {
  const pairs = pairsOf(prompts, answerTokens(model));
  const { arrays } = await run(model, { kind: 'steering', pairs, options: intervention });
  return arrays['kl']!.values;
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);
}

function logSumExp(values: Float32Array): number {
  const largest = values[indexOfLargest(values)]!;
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
