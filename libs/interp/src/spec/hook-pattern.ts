/** Hook names in a spec, where `*` stands for every layer. The grammar is TransformerLens's classic one. */

const sites = [
  String.raw`hook_(resid_pre|attn_out|resid_mid|mlp_out|resid_post)`,
  String.raw`attn\.hook_(q|k|v|attn_scores|pattern|z|result)`,
  String.raw`mlp\.hook_(pre|post)`,
  String.raw`ln[12]\.hook_(scale|normalized)`,
].join('|');

const grammar = new RegExp(
  String.raw`^(hook_embed|ln_final\.hook_(scale|normalized)|blocks\.(?<layer>\*|0|[1-9]\d*)\.(${sites}))$`,
);

/** Whether this is a hook's name, or the pattern of one with `*` for the layer. */
export function isHookPattern(name: string): boolean {
  return grammar.test(name);
}

/** The layer a name asks for: a number, `*`, or undefined where the hook belongs to no layer. */
export function layerOf(name: string): number | '*' | undefined {
  const layer = grammar.exec(name)?.groups?.['layer'];
  return layer === undefined || layer === '*' ? layer : Number(layer);
}

/** The names with every `*` replaced by 0 ... nLayers - 1, in order, each once. */
export function expandHookPatterns(patterns: string[], nLayers: number): string[] {
  const layers = Array.from({ length: nLayers }, (_, layer) => String(layer));
  const names = patterns.flatMap((name) => (name.includes('*') ? layers.map((l) => name.replace('*', l)) : [name]));
  return [...new Set(names)];
}
