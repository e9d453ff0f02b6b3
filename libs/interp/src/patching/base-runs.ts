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
import { runningPatch } from './running-cells.ts';
import type { RunningPatch } from './running-cells.ts';
import { SITE_HEADS } from './site-names.ts';
import type { PatchSite, UpToSite } from './site-names.ts';
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
  /** What runs that are patched up to this layer take at it. */
  running: Partial<Record<PatchSite, RunningPatch>>;
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

interface BaseOptions {
  sites: readonly PatchSite[];
  /** The destination: `corrupted` for denoising, `clean` for noising. */
  to: Side;
  /** Whether cells are patched at all layers up to theirs; the sites are then such as can be. */
  isUpTo: boolean;
}

function destinationLayer(view: LayerView, { sites, to, isUpTo }: BaseOptions): DestinationLayer {
  const from = to === 'clean' ? 'corrupted' : 'clean';
  const ofSites = <T>(isAsked: boolean, patchOf: (site: PatchSite) => T): Partial<Record<PatchSite, T>> =>
    Object.fromEntries(isAsked ? sites.map((site) => [site, patchOf(site)]) : []);
  return {
    residPre: view.rows(view.trace.residPre, to).clone(),
    keyValues: view.keyValues(to),
    prefix: view.prefixKeyValues(),
    patches: ofSites(!isUpTo, (site) => sitePatches[site](view, to)),
    running: ofSites(isUpTo, (site) => runningPatch(view, site as UpToSite, from)),
    attention: sites.some((site) => SITE_HEADS[site] !== null) ? attentionOf(view, to) : null,
  };
}

function attentionOf({ rows, trace, attn }: LayerView, to: Side): DestinationAttention {
  return { z: rows(trace.z, to), attnRaw: rows(trace.attnRaw, to), queries: attn(to).queries };
}

/** Runs both sides of a block and keeps what patching `sites` needs. Call within `tf.tidy`. */
export function baseRuns(
  model: Transformer,
  block: PairBlock,
  { cancel, ...options }: BaseOptions & { cancel: CancelToken },
): BaseRuns {
  const onLayer = (view: LayerView): DestinationLayer => destinationLayer(view, options);
  return { block, to: options.to, ...runPairs(model, block, { cancel, onLayer }) };
}
