/** Where a generation's patches act: hooks, and positions of each pair's own tokens. No tensors here. */
import type { HookName, ModelConfig } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { positionsOfRole } from '../dataset/roles.ts';
import { slotColumns } from '../patching/cells.ts';
import type { PromptPatch } from '../spec/options.ts';

type Places = PromptPatch['positions'];

/** A hook that is patched, with the places that its patches name. */
export interface PatchedHook {
  hook: HookName;
  layer: number;
  places: Places[];
}

/** The prompt that activations come from, where `run` is continued. */
export function sourceOf(run: 'clean' | 'corrupted'): 'clean' | 'corrupted' {
  return run === 'clean' ? 'corrupted' : 'clean';
}

/** Each hook once, whatever the number of patches that name it. */
export function patchedHooks(patches: readonly PromptPatch[], { nLayers }: ModelConfig): PatchedHook[] {
  const all = Array.from({ length: nLayers }, (_, layer) => layer);
  const single = patches.flatMap(({ activation, layers, positions }) =>
    (layers === 'all' ? all : layers).map((layer) => {
      const hook: HookName = `blocks.${layer}.hook_${activation}`;
      return { hook, layer, places: positions };
    }),
  );
  return [...Map.groupBy(single, ({ hook }) => hook).values()].map((own) => ({
    ...{ hook: own[0]!.hook, layer: own[0]!.layer },
    places: own.map(({ places }) => places),
  }));
}

/**
 * The positions of a pair that some of `places` names, ascending. Those before its first difference, where both prompts'
 * activations are the same, are left out, and so are columns that it does not reach.
 * @param columns tokens of the longest prompt of the spec, which columns count in
 */
export function patchedPositions(places: readonly Places[], pair: ResolvedPair, columns: number): number[] {
  const { length } = pair.clean;
  const differing = Array.from({ length: length - pair.firstDifference }, (_, i) => pair.firstDifference + i);
  const chosen = new Set(places.flatMap((own) => (own === 'all' ? differing : positionsOf(own, pair, columns))));
  return differing.filter((position) => chosen.has(position));
}

function positionsOf(places: Exclude<Places, 'all'>, pair: ResolvedPair, columns: number): readonly number[] {
  const asked = places === 'last' ? ['last'] : places;
  const inColumns = slotColumns(asked, columns);
  return asked.flatMap((place, i) =>
    typeof place === 'string' ? positionsOfRole(pair, place)! : [inColumns[i]! - (columns - pair.clean.length)],
  );
}
