/**
 * Between the layouts of a pass and the shapes that users know: rows of a pass are position-major, users think in
 * [batch, position, ...]. Nothing here computes.
 */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { AttentionShape } from './components/attention.ts';
import type { RowGroup } from './components/row-groups.ts';
import type { BlockHook, ModelHook } from './hooks.ts';

/** Whose rows, and of what heads. */
export interface Layout {
  group: RowGroup;
  shape: AttentionShape;
}

type Kind = 'rows' | 'heads' | 'pattern';

const KINDS: Partial<Record<BlockHook | ModelHook, Kind>> = {
  'attn.hook_q': 'heads',
  'attn.hook_k': 'heads',
  'attn.hook_v': 'heads',
  'attn.hook_z': 'heads',
  'attn.hook_attn_scores': 'pattern',
  'attn.hook_pattern': 'pattern',
};

/** rows [S·C, ...] → [C, S, ...]. */
function rowsToBatch(x: Tensor, { group }: Layout): Tensor {
  const rest = x.shape.slice(1);
  const axes = [1, 0, ...rest.map((_, i) => i + 2)];
  return x.reshape([group.positions, group.cells, ...rest]).transpose(axes);
}

/** [C, S, ...] → rows [S·C, ...]. */
function batchToRows(x: Tensor, { group }: Layout): Tensor {
  const rest = x.shape.slice(2);
  const axes = [1, 0, ...rest.map((_, i) => i + 2)];
  return x.transpose(axes).reshape([group.positions * group.cells, ...rest]);
}

/**
 * An activation as it is in a pass → its canonical shape: residual streams and MLP [batch, position, width], q k v z
 * [batch, position, head, dHead], result [batch, position, head, dModel], scores and pattern [batch, head, query, key].
 */
export function toCanonical(hook: BlockHook | ModelHook, x: Tensor, layout: Layout): Tensor {
  const { group, shape } = layout;
  switch (KINDS[hook] ?? 'rows') {
    case 'rows':
      return rowsToBatch(x, layout);
    case 'heads': {
      const batch = rowsToBatch(x, layout);
      return batch.reshape([group.cells, group.positions, -1, shape.dHead]);
    }
    case 'pattern': {
      const keys = x.shape[3] as number;
      return x
        .reshape([shape.nKvHeads, group.cells, -1, group.positions, keys])
        .transpose([1, 0, 2, 3, 4])
        .reshape([group.cells, shape.nHeads, group.positions, keys]);
    }
  }
}

/** The inverse of `toCanonical`. */
export function fromCanonical(hook: BlockHook | ModelHook, x: Tensor, layout: Layout): Tensor {
  const { group, shape } = layout;
  switch (KINDS[hook] ?? 'rows') {
    case 'rows':
      return batchToRows(x, layout);
    case 'heads':
      return batchToRows(x.reshape([group.cells, group.positions, -1]), layout);
    case 'pattern': {
      const keys = x.shape[3] as number;
      const perKvHead = shape.nHeads / shape.nKvHeads;
      return x
        .reshape([group.cells, shape.nKvHeads, perKvHead, group.positions, keys])
        .transpose([1, 0, 2, 3, 4])
        .reshape([shape.nKvHeads, group.cells, perKvHead * group.positions, keys]);
    }
  }
}

/** [batch, position, dModel] → rows of a pass. */
export function residualRows(x: Tensor3D): Tensor2D {
  const [batch, positions, width] = x.shape;
  return x.transpose([1, 0, 2]).reshape([positions * batch, width]);
}
