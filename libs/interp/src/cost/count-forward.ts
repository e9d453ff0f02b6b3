/** What `Transformer.forward` and `Transformer.gradients` run: whole prompts of one length. */
import { tapeBytes, tapeBudget, type ModelConfig } from '@demur/model';
import type { PlannedModel, WorkCount } from './work-count.ts';

/** Prompts of one length. */
interface Batch {
  cells: number;
  length: number;
}

interface ForwardOptions {
  /** Layers that somebody looks at: they keep what they make, and are not cut to the last position. */
  seen?: ReadonlySet<number>;
  /** Blocks that run; all unless said. */
  layers?: number;
  /** Whether all positions' logits are asked for. */
  all?: boolean;
}

/** One forward pass. */
export function countForward(
  count: WorkCount,
  { cells, length }: Batch,
  config: ModelConfig,
  { seen = new Set(), layers = config.nLayers, all = false }: ForwardOptions = {},
): void {
  const group = [{ rows: cells * length, keys: length }];
  for (let layer = 0; layer < layers; layer++) {
    const isCut = layer === config.nLayers - 1 && !all && !seen.has(layer);
    count.blocks(seen.has(layer) ? 'trace' : 'pass', group, { lastRows: isCut ? cells : undefined });
  }
}

/** A forward and a backward pass down to layer `lowest`; the last block for the last position alone if `cutsLast`. */
export function countGradients(
  count: WorkCount,
  { cells, length }: Batch,
  { config, activationBytes }: PlannedModel,
  { lowest, cutsLast }: { lowest: number; cutsLast: boolean },
): void {
  const { nLayers, dModel } = config;
  const rows = cells * length;
  const group = [{ rows, keys: length }];
  const tape = tapeBytes(config, rows, length);
  const keepsTapes = (nLayers - lowest) * tape <= tapeBudget(activationBytes);
  count.scope(() => {
    for (let layer = 0; layer < nLayers; layer++) {
      const lastRows = cutsLast && layer === nLayers - 1 ? cells : undefined;
      const keeps = keepsTapes && layer >= lowest;
      count.blocks(keeps ? 'trace' : 'pass', group, { lastRows });
      count.hold(4 * rows * dModel + (keeps ? tape : 0));
    }
    for (let layer = nLayers - 1; layer >= lowest; layer--) {
      const lastRows = cutsLast && layer === nLayers - 1 ? cells : undefined;
      if (!keepsTapes) count.blocks('trace', group, { lastRows });
      count.blocks('backward', group, { lastRows });
    }
  });
}
