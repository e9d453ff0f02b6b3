/**
 * Runs that have a site patched at every layer so far, one a position set: what cells of all layers up to one start from. They
 * differ from the destination's run from the first layer on, so they start there.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { BlockHook } from '@demur/model';
import { runBlock } from '@demur/model/engine';
import type { Block, RowGroup } from '@demur/model/engine';
import type { LayerView, Side } from '../suffix/pair-runs.ts';
import type { BaseRuns } from './base-runs.ts';
import { stretches, type PositionSet } from './cells.ts';
import { setRows } from './set-slices.ts';
import type { UpToSite } from './site-names.ts';

/** What takes a hook's place at the patched positions of a layer: the source's rows [S · pairs, dModel]. */
export interface RunningPatch {
  hook: BlockHook;
  source: Tensor2D;
}

const hooks = { attn_out: 'hook_attn_out', mlp_out: 'hook_mlp_out' } as const satisfies Record<UpToSite, BlockHook>;

export function runningPatch({ trace, rows }: LayerView, site: UpToSite, from: Side): RunningPatch {
  return { hook: hooks[site], source: rows(site === 'attn_out' ? trace.attnOut : trace.mlpOut, from) };
}

/** The rows of all sets before the first layer, one set after the other: those of the destination. */
export function startRunning(base: BaseRuns, sets: readonly PositionSet[]): Tensor2D {
  return joined(sets.map((set) => flat(ownRows(base.layers[0]!.residPre, set, base))));
}

/**
 * The rows of all sets after one more layer, patched.
 * @param groups of each set: its pairs as cells, from its first position on.
 */
export function runOn(
  block: Block,
  rows: Tensor2D,
  { hook, source }: RunningPatch,
  { base, sets, groups }: { base: BaseRuns; sets: readonly PositionSet[]; groups: readonly RowGroup[] },
): Tensor2D {
  const put = (x: Tensor2D): Tensor2D => joined(runningCells(x, sets, base).map((own, i) => patched(own, i)));
  const patched = (own: Tensor3D, i: number): Tensor2D =>
    joined(
      stretches(sets[i]!, base.group.positions).map((stretch) => {
        const at = stretch.from - sets[i]!.from;
        const length = stretch.to - stretch.from;
        return flat(
          stretch.isPatched
            ? setRows(source, sets[i]!, { stretch, base })
            : own.slice([at, 0, 0], [length, own.shape[1], own.shape[2]]),
        );
      }),
    );
  const point = Object.assign(
    <T extends Tensor>(name: BlockHook, x: T): T => (name === hook ? (put(x as Tensor as Tensor2D) as Tensor as T) : x),
    { wants: () => false },
  );
  return runBlock(block, rows, groups, { point }).residPost;
}

/** The rows of each set: [S − from, pairs', dModel]. */
export function runningCells(rows: Tensor2D, sets: readonly PositionSet[], { group }: BaseRuns): Tensor3D[] {
  const width = rows.shape[1];
  let before = 0;
  return sets.map(({ from, pairs }) => {
    const positions = group.positions - from;
    const own = rows.slice([before, 0], [positions * pairs, width]).reshape<Tensor3D>([positions, pairs, width]);
    before += positions * pairs;
    return own;
  });
}

function ownRows(x: Tensor2D, set: PositionSet, base: BaseRuns): Tensor3D {
  return setRows(x, set, { stretch: { from: set.from, to: base.group.positions, isPatched: false }, base });
}

/** [positions, pairs, width] → [positions · pairs, width]. */
function flat(x: Tensor3D): Tensor2D {
  const [positions, pairs, width] = x.shape;
  return x.reshape([positions * pairs, width]);
}

function joined(parts: Tensor2D[]): Tensor2D {
  return parts.length === 1 ? parts[0]! : tf.concat2d(parts, 0);
}
