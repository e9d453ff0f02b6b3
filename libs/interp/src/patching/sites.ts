/**
 * Where one can patch, as a table: what the residual stream becomes when a site takes the source's activation. Every
 * patch comes down to residual stream rows at the start of some layer, so that one engine runs them all.
 */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { addedByAttention, headResults, runMlp } from '@demur/model/engine';
import type { LayerView, Side } from '../suffix/pair-runs.ts';

export const PATCH_SITES = ['resid_pre', 'attn_out', 'mlp_out', 'z'] as const;
export type PatchSite = (typeof PATCH_SITES)[number];

/** Patches of one site: [heads or 1, S · pairs, dModel], the patched rows at the start of layer `startLayer`. */
export interface SitePatch {
  startLayer: number;
  rows: Tensor3D;
}

/** What a site becomes, seen while both sides run; `to` is the side that is patched. */
type PatchOf = (view: LayerView, to: Side) => SitePatch;

function otherSide(side: Side): Side {
  return side === 'clean' ? 'corrupted' : 'clean';
}

/** source − destination of a tensor of the pass. */
function difference({ rows }: LayerView, x: Tensor2D, to: Side): Tensor2D {
  return rows(x, otherSide(to)).sub(rows(x, to));
}

function patch(startLayer: number, rows: Tensor3D): SitePatch {
  return { startLayer, rows };
}

export const sitePatches: Record<PatchSite, PatchOf> = {
  resid_pre: ({ layer, trace, rows }, to) => patch(layer, rows(trace.residPre, otherSide(to)).expandDims<Tensor3D>(0)),

  attn_out: (view, to) => {
    const { layer, block, trace, rows } = view;
    const residMid: Tensor2D = rows(trace.residPre, to).add(rows(trace.attnOut, otherSide(to)));
    return patch(layer + 1, runMlp(block, residMid).expandDims(0));
  },

  mlp_out: ({ layer, trace, rows }, to) =>
    patch(
      layer + 1,
      rows(trace.residMid, to)
        .add(rows(trace.mlpOut, otherSide(to)))
        .expandDims<Tensor3D>(0),
    ),

  z: (view, to) => {
    const { layer, block, trace, rows } = view;
    const perHead = headResults(block, difference(view, trace.z, to));
    const residMid = block.ln1Post
      ? rows(trace.residPre, to).add<Tensor3D>(addedByAttention(block, rows(trace.attnRaw, to).add<Tensor3D>(perHead)))
      : rows(trace.residMid, to).add<Tensor3D>(perHead);
    const [heads, count, width] = residMid.shape;
    return patch(layer + 1, runMlp(block, residMid.reshape([heads * count, width])).reshape([heads, count, width]));
  },
};
