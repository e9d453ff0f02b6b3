/**
 * Where one can patch, as a table: what a patched run takes when a site has the source's activation. Every patch comes
 * down to rows of the residual stream at the start of some layer, so that one engine runs them all: those of the whole
 * stream are found here, those of single heads by new-cells.ts, a few cells at a time.
 */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { attendTurned, runMlp, weighValues } from '@demur/model/engine';
import type { LayerView, Side } from '../suffix/pair-runs.ts';
import type { PatchSite } from './site-names.ts';

/** The patched residual stream at each position, at the start of layer `startLayer`: [S · pairs, dModel]. */
export interface StreamPatch {
  startLayer: number;
  stream: Tensor2D;
}

/** How z changes at the patched position, and at no other: [S · pairs, nHeads · dHead], all heads side by side. */
export interface ZPatch {
  change: Tensor2D;
}

/** The source's turned keys, or its values, which later positions read as well: [nKvHeads, pairs, S, dHead]. */
export interface KeyValuePatch {
  keys?: Tensor4D;
  values?: Tensor4D;
}

export type HeadPatch = ZPatch | KeyValuePatch;
export type SitePatch = StreamPatch | HeadPatch;

/** What a site takes of the source, seen while both sides run; `to` is the side that is patched. */
type PatchOf = (view: LayerView, to: Side) => SitePatch;

function otherSide(side: Side): Side {
  return side === 'clean' ? 'corrupted' : 'clean';
}

/** From z as it becomes by a patch, [S · pairs, nHeads · dHead]. */
function zPatch({ rows, trace }: LayerView, to: Side, patched: Tensor2D): ZPatch {
  return { change: patched.sub(rows(trace.z, to)) };
}

/** The source's residual stream after the layer: where its resid_mid is put in too, since the MLP reads one position alone. */
function residPost({ layer, trace, rows }: LayerView, to: Side): StreamPatch {
  return { startLayer: layer + 1, stream: rows(trace.residPost, otherSide(to)) };
}

export const sitePatches: Readonly<Record<PatchSite, PatchOf>> = {
  resid_pre: ({ layer, trace, rows }, to) => ({ startLayer: layer, stream: rows(trace.residPre, otherSide(to)) }),

  resid_mid: residPost,

  resid_post: residPost,

  attn_out: ({ layer, block, trace, rows }, to) => {
    const residMid = rows(trace.residPre, to).add<Tensor2D>(rows(trace.attnOut, otherSide(to)));
    return { startLayer: layer + 1, stream: runMlp(block, residMid) };
  },

  mlp_out: ({ layer, trace, rows }, to) => ({
    startLayer: layer + 1,
    stream: rows(trace.residMid, to).add<Tensor2D>(rows(trace.mlpOut, otherSide(to))),
  }),

  z: (view, to) => zPatch(view, to, view.rows(view.trace.z, otherSide(to))),

  q: (view, to) => {
    const { queries } = view.attn(otherSide(to));
    return zPatch(view, to, attendTurned(queries, view.keyValues(to), view.group, view.block.attn));
  },

  k: ({ keyValues }, to) => ({ keys: keyValues(otherSide(to)).keys }),

  v: ({ keyValues }, to) => ({ values: keyValues(otherSide(to)).values }),

  pattern: (view, to) => {
    const { pattern } = view.attn(otherSide(to));
    return zPatch(view, to, weighValues(pattern, view.keyValues(to), view.group));
  },
};
