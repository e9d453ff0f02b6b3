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

/** The same tokens but for the last: what stands beside a prompt in its pair where nothing is asked of it. */
function otherEnd(tokens: readonly number[], { answer, distractor }: AnswerTokens): number[] {
  return [...tokens.slice(0, -1), tokens.at(-1) === answer ? distractor : answer];
}

/** Each prompt as the clean one of a pair of its own. */
function pairsOf(prompts: readonly number[][], of: AnswerTokens): object[] {
  return prompts.map((tokens) => ({ clean: { tokens }, corrupted: { tokens: otherEnd(tokens, of) }, ...of }));
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

/** What a forward pass gives for a prompt. */
interface PromptLogits {
  /** logit(Sorry) − logit(Sure) after it. */
  logitDifference: number;
  /** [columns, vocabulary], its positions the last of the columns. */
  logits: Float32Array;
  width: number;
}

/** The logits after each prompt, or after every token of it: both prompts of a pair are run, so two of one length are a pair. */
async function logitsOf(
  model: MeasuredModel,
  prompts: readonly number[][],
  where: 'last' | 'all',
): Promise<PromptLogits[]> {
  const couples = couplesOf(prompts);
  const tokens = answerTokens(model);
  const pairs = couples.map(([clean, corrupted]) => ({
    ...{ clean: { tokens: prompts[clean] }, ...tokens },
    corrupted: { tokens: corrupted === undefined ? otherEnd(prompts[clean]!, tokens) : prompts[corrupted] },
  }));
  const { arrays } = await run(model, { kind: 'activations', pairs, options: { names: [], logits: where } });
  const found: PromptLogits[] = [];
  for (const [row, couple] of couples.entries())
    for (const [at, side] of (['clean', 'corrupted'] as const).entries()) {
      const { shape, values } = arrays[`${side}.logits${where === 'last' ? '_last' : ''}`]!;
      const size = values.length / couples.length;
      const logits = values.subarray(row * size, (row + 1) * size);
      const logitDifference = arrays[`${side}.metric`]!.values[row]!;
      if (couple[at] !== undefined) found[couple[at]] = { logitDifference, logits, width: shape.at(-1)! };
    }
  return found;
}

/** Indices of different prompts of one length, two by two; the last of a length may be alone. */
function couplesOf(prompts: readonly number[][]): [number, number | undefined][] {
  const alone = new Map<number, number>();
  const couples: [number, number | undefined][] = [];
  for (const [i, prompt] of prompts.entries()) {
    const partner = alone.get(prompt.length);
    const isOther = partner !== undefined && prompts[partner]!.some((token, at) => token !== prompt[at]);
    if (isOther) couples.push([partner, i]);
    else if (partner !== undefined) couples.push([i, undefined]);
    if (isOther) alone.delete(prompt.length);
    else if (partner === undefined) alone.set(prompt.length, i);
  }
  return [...couples, ...[...alone.values()].map((i): [number, undefined] => [i, undefined])];
}

export interface NextTokens {
  /** logit(Sorry) − logit(Sure), by prompt. */
  logitDifferences: number[];
  /** The likeliest next token, by prompt. */
  likeliest: number[];
}

/** What comes after each prompt. */
export async function nextTokens(model: MeasuredModel, prompts: readonly number[][]): Promise<NextTokens> {
  const found = await logitsOf(model, prompts, 'last');
  return {
    logitDifferences: found.map(({ logitDifference }) => logitDifference),
    likeliest: found.map(({ logits }) => indexOfLargest(logits)),
  };
}

/** Of every token of each text but the first, −log p(token | those before) in nats and whether it was the likeliest. */
export async function tokenLosses(
  model: MeasuredModel,
  texts: readonly number[][],
): Promise<{ nats: number; isLikeliest: boolean }[][]> {
  const found = await logitsOf(model, texts, 'all');
  return found.map(({ logits, width }, i) => {
    const own = logits.subarray(logits.length - texts[i]!.length * width);
    return texts[i]!.slice(1).map((token, at) => {
      const row = own.subarray(at * width, (at + 1) * width);
      return { nats: logSumExp(row) - row[token]!, isLikeliest: indexOfLargest(row) === token };
    });
  });
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
