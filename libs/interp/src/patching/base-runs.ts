/**
 * The two runs that patching mixes: the destination, whose run is patched, and the source of what is put into it.
 * Everything that a patched run shares with the destination's own is taken from here.
 */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { LayerView, Side } from '../suffix/pair-runs.ts';
import { SITE_HEADS } from './site-names.ts';
import type { PatchSite } from './site-names.ts';
import { sitePatches } from './sites.ts';
import type { SitePatch } from './sites.ts';

/** One layer of the destination's run; rows are [S · pairs, ...], position-major. */
export interface DestinationLayer {
  /** The destination's residual stream, whose rows a patched run has where nothing has changed yet. */
  residPre: Tensor2D;
  /** Suffix keys and values of the destination's own run, [nKvHeads, pairs, S, dHead]. */
  keyValues: KeyValues;
  prefix: KeyValues | null;
  /** What patching each site at this layer takes. */
  patches: Partial<Record<PatchSite, SitePatch>>;
  /** What the runs with a patched head differ from; null where no site has heads. */
  attention: DestinationAttention | null;
}

interface DestinationAttention {
  /** [S · pairs, nHeads · dHead]. */
  z: Tensor2D;
  /** The heads' sum before the post-norm, [S · pairs, dModel]. */
  attnRaw: Tensor2D;
  /** Turned queries, [nKvHeads, pairs, G · S, dHead]. */
  queries: Tensor4D;
}

export interface BaseRuns {
  block: PairBlock;
  /** The side that is patched. */
  to: Side;
  /** Rows of the suffix, a pair a cell. */
  group: RowGroup;
  layers: DestinationLayer[];
  /** Final residual streams, [S · pairs, dModel]. */
  final: Record<Side, Tensor2D>;
}

function destinationLayer(view: LayerView, sites: readonly PatchSite[], to: Side): DestinationLayer {
  return {
    residPre: view.rows(view.trace.residPre, to).clone(),
    keyValues: view.keyValues(to),
    prefix: view.prefixKeyValues(),
    patches: Object.fromEntries(sites.map((site) => [site, sitePatches[site](view, to)])),
    attention: sites.some((site) => SITE_HEADS[site] !== null) ? attentionOf(view, to) : null,
  };
}

function attentionOf({ rows, trace, attn }: LayerView, to: Side): DestinationAttention {
  return { z: rows(trace.z, to), attnRaw: rows(trace.attnRaw, to), queries: attn(to).queries };
}

/**
 * Runs both sides of a block and keeps what patching `sites` needs. Call within `tf.tidy`.
 * @param to the destination: `corrupted` for denoising, `clean` for noising.
 */
export function baseRuns(
  model: Transformer,
  block: PairBlock,
  { sites, to, cancel }: { sites: readonly PatchSite[]; to: Side; cancel: CancelToken },
): BaseRuns {
  const onLayer = (view: LayerView): DestinationLayer => destinationLayer(view, sites, to);
  return { block, to, ...runPairs(model, block, { cancel, onLayer }) };
}
