/** How many circuits run together: as many as their inputs and senders' changes fit beside the weights. No tensors here. */
import type { ModelConfig } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { Ablation, AblationName } from './ablation.ts';
import type { GraphPlaces } from './circuit-plan.ts';

/** Bytes that a pass of circuits takes, at most: beyond some of them, more do not run faster. */
const PASS_BYTES = 512 * 2 ** 20;

/** Tensors of a layer's inputs at a time: as they are read, in their norm, by head. */
const COPIES_OF_INPUTS = 4;

/** Changes of senders, and those that are being joined. */
const COPIES_OF_CHANGES = 2;

/** @param options.rows suffix positions × pairs. */
export function circuitsAtOnce(
  { config, activationBytes }: Pick<Transformer, 'config' | 'activationBytes'>,
  { columns, inputs, shape }: GraphPlaces,
  { rows }: { rows: number },
): number {
  const perLayer = (columns - 1) / shape.nLayers;
  const bytes = circuitBytes(config, { senders: inputs.length, perLayer, rows });
  return Math.max(1, Math.floor(Math.min(PASS_BYTES, activationBytes / 2) / bytes));
}

interface CircuitSize {
  senders: number;
  /** Receivers of a layer. */
  perLayer: number;
  /** Suffix positions × pairs. */
  rows: number;
}

/** What one circuit of a pass takes, at most. */
function circuitBytes({ dModel }: ModelConfig, { senders, perLayer, rows }: CircuitSize): number {
  return (COPIES_OF_CHANGES * senders + COPIES_OF_INPUTS * perLayer) * rows * dModel * 4;
}

/** What a pass of up to so many circuits takes. */
export function circuitPassBytes(
  { config, activationBytes }: Pick<Transformer, 'config' | 'activationBytes'>,
  size: CircuitSize & { circuits: number },
): number {
  const one = circuitBytes(config, size);
  return Math.max(one, Math.min(PASS_BYTES, activationBytes / 2, size.circuits * one));
}

/** What the clean and the ablated run keep of a layer, in widths of the residual stream. */
const WIDTHS_OF_RUNS = 9;

/** Bytes that are kept of a pair for all layers while one circuit runs. */
export function circuitRunsBytes(
  { ablation }: { ablation: AblationName },
  { clean, firstDifference }: Pick<ResolvedPair, 'clean' | 'firstDifference'>,
  { nLayers, nHeads, dModel }: ModelConfig,
): number {
  const rows = clean.length - (ablation === 'corrupted' ? firstDifference : 0);
  return nLayers * rows * 4 * dModel * (WIDTHS_OF_RUNS + COPIES_OF_CHANGES * (nHeads + 1));
}

/** How many pairs' runs are held at a time: as many as fit beside the weights, and the passes of circuits beside them. */
export function pairsAtOnce(
  { config, activationBytes }: Pick<Transformer, 'config' | 'activationBytes'>,
  pairs: readonly { pair: ResolvedPair }[],
  ablation: Ablation,
): number {
  const kind = typeof ablation === 'string' ? ablation : 'mean';
  const most = Math.max(...pairs.map(({ pair }) => circuitRunsBytes({ ablation: kind }, pair, config)));
  return Math.max(1, Math.floor(activationBytes / 2 / most));
}
