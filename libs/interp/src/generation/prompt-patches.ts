/**
 * Activations of each pair's other prompt, put into this one while it is read: read once from the other prompts' own runs, then
 * given as edits. Where they go is patch-places.ts's part.
 */
import type { HookName } from '@demur/model';
import type { Edit, Transformer } from '@demur/model/engine';
import type { Shard, ShardWork } from '../shard.ts';
import type { PromptPatch } from '../spec/options.ts';
import { patchedHooks, patchedPositions, sourceOf } from './patch-places.ts';

/** One activation of one pair: values [positions, dModel]. */
interface PairPatch {
  hook: HookName;
  positions: number[];
  values: Float32Array;
}

/** The patches of each of a shard's pairs, in its order. */
export async function readPatches(
  model: Transformer,
  { run, patches = [] }: { run: 'clean' | 'corrupted'; patches?: PromptPatch[] | undefined },
  shard: Shard,
  { cancel, readings }: Pick<ShardWork, 'cancel' | 'readings'>,
): Promise<PairPatch[][]> {
  const found: PairPatch[][] = shard.pairs.map(() => []);
  const hooks = patchedHooks(patches, model.config);
  if (hooks.length === 0) return found;
  const capture = hooks.map(({ hook }) => hook);
  const before = model.firstLayers(Math.max(...hooks.map(({ layer }) => layer)) + 1);
  const placed = shard.pairs.map(({ pair }, place) => ({ pair, place }));
  for (const pairs of Map.groupBy(placed, ({ pair }) => pair.clean.length).values()) {
    cancel.throwIfCancelled();
    const tokens = pairs.map(({ pair }) => pair[sourceOf(run)]);
    const source = before.forward(tokens, { capture, logitsAt: 'none' });
    try {
      for (const { hook, places } of hooks)
        readings.read(source.activations.get(hook)!, (values) => {
          const size = values.length / pairs.length;
          for (const [row, { pair, place }] of pairs.entries()) {
            const positions = patchedPositions(places, pair, shard.columns);
            const own = values.subarray(row * size, (row + 1) * size);
            found[place]!.push({ hook, positions, values: taken(own, positions, model.config.dModel) });
          }
        });
    } finally {
      source.dispose();
    }
    await readings.settle();
  }
  return found;
}

/** Some positions of a row, [position, width], one after the other. */
function taken(row: Float32Array, positions: readonly number[], width: number): Float32Array {
  const values = new Float32Array(positions.length * width);
  for (const [i, position] of positions.entries())
    values.set(row.subarray(position * width, (position + 1) * width), i * width);
  return values;
}

/** The edits of a batch, a row a pair: rows that are patched alike in one edit. */
export function patchEdits(batch: readonly (readonly PairPatch[])[], width: number): Edit[] {
  const all = batch.flatMap((patches, row) => patches.map((patch) => ({ ...patch, row })));
  const acting = all.filter(({ positions }) => positions.length > 0);
  return [...Map.groupBy(acting, ({ hook, positions }) => `${hook} ${positions.join()}`).values()].map((alike) => {
    const { hook, positions } = alike[0]!;
    const size = positions.length * width;
    const values = new Float32Array(alike.length * size);
    for (const [i, own] of alike.entries()) values.set(own.values, i * size);
    const value = { shape: [alike.length, positions.length, width], values };
    return { hook, mode: 'replace', value, positions, rows: alike.map(({ row }) => row) };
  });
}
