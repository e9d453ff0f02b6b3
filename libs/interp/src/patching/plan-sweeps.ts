/** Which cells of a block's grids run together: sweeps within a budget of rows. No tensors here. */
import type { Transformer } from '@demur/model/engine';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock, PlacedPair } from '../suffix/pair-block.ts';
import type { PositionSet } from './cells.ts';
import type { PatchSite } from './site-names.ts';
import type { Sweep } from './sweep.ts';

/** Rows of a pass, at most: what products run at full speed with. */
const MAX_ROWS = 8192;

/** Numbers that a pass holds of a row at a time, in widths of the residual stream. */
const WIDTHS_A_ROW = 10;

/** Rows of a pass that fit beside the weights. */
export function rowsThatFit({ config, activationBytes }: Pick<Transformer, 'config' | 'activationBytes'>): number {
  return Math.min(MAX_ROWS, Math.floor(activationBytes / 2 / (4 * WIDTHS_A_ROW * config.dModel)));
}

/** Rows that a set's cells have when those of `layers` layers have all started. */
function rowsOf(block: PairBlock, set: PositionSet, cohorts: number): number {
  return (suffixLength(block) - set.from) * set.pairs * cohorts;
}

/**
 * The first layer at which patching a set can change anything. The first layer reads embeddings, so that there the residual
 * stream is the same on both sides wherever all pairs' tokens are.
 */
function firstLayerOf(set: PositionSet, site: PatchSite, block: PairBlock): 0 | 1 {
  if (site !== 'resid_pre') return 0;
  const isPatched = (position: number): boolean => !(set.holes ?? []).includes(position);
  const positions = Array.from({ length: set.to - set.from }, (_, i) => set.from + i).filter(isPatched);
  const differs = ({ pair: { clean, corrupted } }: PlacedPair): boolean =>
    positions.some((position) => clean[block.prefixLength + position] !== corrupted[block.prefixLength + position]);
  return block.pairs.some(differs) ? 0 : 1;
}

/** Cuts a site's cells into sweeps of at most `MAX_ROWS` rows: position sets together, or layer ranges of one set. */
export function planSweeps(
  block: PairBlock,
  site: PatchSite,
  options: { sets: readonly PositionSet[]; nLayers: number; heads: number; isUpTo: boolean; maxRows?: number },
): Sweep[] {
  const { sets, nLayers, heads, isUpTo, maxRows = MAX_ROWS } = options;
  const sweeps: { sets: PositionSet[]; layers: readonly [number, number]; rows: number }[] = [];
  for (const set of sets) {
    const perLayer = rowsOf(block, set, heads);
    const layersAtOnce = Math.max(1, Math.min(nLayers, Math.floor(maxRows / perLayer)));
    for (let layer = firstLayerOf(set, site, block); layer < nLayers; layer += layersAtOnce) {
      const layers = [layer, Math.min(nLayers, layer + layersAtOnce)] as const;
      const rows = perLayer * (layers[1] - layers[0]);
      const open = sweeps.find(
        (s) => s.layers[0] === layers[0] && s.layers[1] === layers[1] && s.rows + rows <= maxRows,
      );
      if (open) {
        open.sets.push(set);
        open.rows += rows;
      } else sweeps.push({ sets: [set], layers, rows });
    }
  }
  return sweeps.map(({ sets: ofSweep, layers }) => ({ site, sets: ofSweep, layers, isUpTo }));
}
