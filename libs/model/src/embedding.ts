/** Tokens into the residual stream: their embeddings and, where a model has such, those of their positions. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { RowGroup } from './components/row-groups.ts';
import type { ModelConfig } from './config.ts';
import { DemurError } from './errors.ts';
import type { ModelWeights } from './weights/model-weights.ts';

/** Tokens that make no batch: rows of different lengths, none, or ids that the model has no embedding for. */
export class TokensError extends DemurError {
  constructor(problem: string) {
    super('INVALID_TOKENS', `The tokens of a pass ${problem}`);
  }
}

/** Where embeddings come from. */
interface Source {
  config: ModelConfig;
  weights: ModelWeights;
}

/** Token embeddings as rows of a pass: tokens [batch][position] → [position · batch, dModel]. @throws {TokensError} */
export function embedTokens({ config, weights }: Source, tokens: readonly (readonly number[])[]): Tensor2D {
  const { dModel, dVocab, embedScale } = config;
  requireTokens(tokens, dVocab);
  // Position-major: the first position of every sequence, then the second.
  const ids = (tokens[0] ?? []).flatMap((_, position) => tokens.map((sequence) => sequence[position] as number));
  const rows = weights.rows('embed.W_E', ids);
  if (embedScale !== 1) rows.forEach((value, i) => (rows[i] = value * embedScale));
  return tf.tensor2d(rows, [ids.length, dModel]);
}

/** Token embeddings as they enter the first block at a group's columns: with learned positions, where a model has such. */
export function addPositions(
  { config, weights }: Source,
  embedded: Tensor2D,
  { cells, positions, start }: Pick<RowGroup, 'cells' | 'positions' | 'start'>,
): Tensor2D {
  const { dModel } = config;
  if (config.positions.kind === 'rotary') return embedded;
  const columns = Array.from({ length: positions }, (_, position) => start + position);
  const rows = tf.tensor3d(weights.rows('pos_embed.W_pos', columns), [positions, 1, dModel]);
  return embedded
    .reshape<Tensor3D>([positions, cells, dModel])
    .add(rows)
    .reshape([positions * cells, dModel]);
}

function requireTokens(tokens: readonly (readonly number[])[], dVocab: number): void {
  const length = tokens[0]?.length ?? 0;
  if (length === 0) throw new TokensError('are none; give a sequence of at least one');
  const other = tokens.find((sequence) => sequence.length !== length);
  if (other !== undefined) throw new TokensError(`have rows of ${length} and ${other.length}; give rows of one length`);
  const bad = tokens.flat().find((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (bad !== undefined) throw new TokensError(`have the id ${bad}; give ids from 0 to ${dVocab - 1}`);
}
