/** Completions of prompts, in batches that fit into memory: what the kinds that generate have in common. */
import { generate, LogitsNotFiniteError } from '@demur/model/engine';
import type { Activations, Edit, Generated, GenerateOptions, Sampling, Transformer } from '@demur/model/engine';
import type { HookName } from '@demur/model';
import { NotFiniteError } from '../errors.ts';
import type { ShardWork } from '../shard.ts';
import { rowsAtATime } from './rows-at-a-time.ts';

/** A prompt to continue. */
export interface PromptRow {
  prompt: number[];
  /** Index of its pair in the spec: its stream of random numbers. */
  stream: number;
}

export interface CompleteOptions<Row extends PromptRow> {
  maxTokens: number;
  sampling: Sampling | undefined;
  stopTokens: number[];
  /** The edits of a batch of rows; their `rows` count within it. */
  editsOf: (rows: readonly Row[]) => Edit[];
  /** The logits [dVocab] after the prompt; only lent. */
  onLogits?: (row: Row, logits: Float32Array) => void;
  /** Activations of the prompts' passes, with the rows that they are of. */
  capture?: { names: readonly HookName[]; show: (rows: readonly Row[], activations: Activations) => void };
  work: Pick<ShardWork, 'cancel' | 'onProgress'>;
}

/** Continues every row; results in their order. */
export async function completeRows<Row extends PromptRow>(
  model: Transformer,
  rows: readonly Row[],
  options: CompleteOptions<Row>,
): Promise<Generated[]> {
  const { maxTokens, sampling, stopTokens, work } = options;
  const size = rowsAtATime(model.config, Math.max(...rows.map(({ prompt }) => prompt.length)), maxTokens);
  const made: Generated[] = [];
  for (let start = 0; start < rows.length; start += size) {
    const batch = rows.slice(start, start + size);
    const prompts = batch.map(({ prompt }) => prompt);
    const batches = Math.ceil(rows.length / size);
    const making = generate(model, prompts, {
      ...{ maxTokens, sampling, stopTokens, cancel: work.cancel },
      edits: options.editsOf(batch),
      streams: batch.map(({ stream }) => stream),
      ...capturing(options.capture, batch),
      onLogits: (row, step, logits) => {
        if (step === 0) options.onLogits?.(batch[row]!, logits);
      },
      onStep: (done, total) => work.onProgress((start / size) * total + done, batches * total),
    });
    made.push(...(await making.catch((error: unknown) => tellPair(error, batch))));
  }
  return made;
}

/** Rows of a pass are told by their index in the batch. */
function capturing<Row extends PromptRow>(
  capture: CompleteOptions<Row>['capture'],
  batch: readonly Row[],
): Pick<GenerateOptions, 'capture'> {
  if (capture === undefined) return {};
  const { names, show } = capture;
  return {
    capture: {
      names,
      show: (rows, activations) =>
        show(
          rows.map((row) => batch[row]!),
          activations,
        ),
    },
  };
}

/** Rows are the batch's; people know pairs. */
function tellPair(error: unknown, batch: readonly PromptRow[]): never {
  if (error instanceof LogitsNotFiniteError)
    throw new NotFiniteError(`pairs[${batch[error.row]!.stream}]`, 'logits', NaN);
  throw error;
}

/** The sampling of an experiment's options: none where the temperature is 0. */
export function samplingOf(
  { temperature, topK, topP }: { temperature: number; topK?: number | undefined; topP?: number | undefined },
  seed = 0,
): Sampling | undefined {
  return temperature === 0 ? undefined : { temperature, topK, topP, seed };
}
