/** Names of what can be patched, as specs say them: data, so no tensors here. What each does is in sites.ts. */

/** Which of the model's numbers of heads a site has, patched one by one; null for the residual stream's width. */
export const SITE_HEADS = {
  resid_pre: null,
  resid_mid: null,
  resid_post: null,
  attn_out: null,
  mlp_out: null,
  z: 'nHeads',
  q: 'nHeads',
  k: 'nKvHeads',
  v: 'nKvHeads',
  pattern: 'nHeads',
} as const;

export type PatchSite = keyof typeof SITE_HEADS;

export const PATCH_SITES = Object.keys(SITE_HEADS) as PatchSite[];

/** The sites of the residual stream's width. */
export const STREAM_SITES = [
  'resid_pre',
  'resid_mid',
  'resid_post',
  'attn_out',
  'mlp_out',
] as const satisfies PatchSite[];

/** The sites that can be patched at all layers up to one: what a layer adds. A later layer's whole stream would undo an earlier one's. */
export const UP_TO_SITES = ['attn_out', 'mlp_out'] as const satisfies PatchSite[];

export type UpToSite = (typeof UP_TO_SITES)[number];

/** How many heads of a layer a site patches one by one; null where it has no heads. */
export function headsOfSite(site: PatchSite, config: { nHeads: number; nKvHeads: number }): number | null {
  const heads = SITE_HEADS[site];
  return heads === null ? null : config[heads];
}
