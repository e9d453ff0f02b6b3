/**
 * Passes of a block's prompts under many directions at once: the same prompts for each, ablated everywhere or added to at
 * one layer. All positions change, the shared prefix too, so it runs once a direction; below the layer of an addition a run
 * is the plain one, so it starts there.
 *
 * Rows: cells of prefix and suffixes as in any pass, and of each cell one a direction, directions varying fastest.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { runBlock, scoped } from '@demur/model/engine';
import type { RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import type { Side } from '../suffix/pair-runs.ts';

/** A direction to try: where it is added, and its values [dModel]. */
export interface Candidate {
  layer: number;
  values: Float32Array;
  /** The earlier candidate, by index, that has the same values: ablating them is the same. */
  sameAs?: number | undefined;
}

/** What is done with the directions: nothing with one run, their unit vectors ablated everywhere, or each added at its layer. */
export type Act = 'nothing' | 'ablate' | 'add';

export interface CandidatePass {
  block: PairBlock;
  side: Side;
  act: Act;
  candidates: readonly Candidate[];
  /** Blocks to run: after them the residual stream at the last position is asked for. */
  layers: number;
  cancel: CancelToken;
  /** The plain run's residual streams, by layer, from which additions start; else all starts with the tokens. */
  plain?: readonly Tensor2D[];
  /** Takes the residual stream of a plain run before each layer, [rows, dModel]. */
  onResid?: (resid: Tensor2D) => void;
}

/** The plain run as one of a single candidate, which nothing is done with. */
export const NO_CANDIDATE: readonly Candidate[] = [{ layer: 0, values: new Float32Array(0) }];

/** Prefix, if any, then the suffixes, `count` cells for each that the plain run has. */
function groupsOf(model: Transformer, block: PairBlock, count: number): RowGroup[] {
  const { prefixLength, prefixes, pairs, length } = block;
  const cells = pairs.length * count;
  const suffix = model.group({ cells, start: prefixLength, positions: suffixLength(block), length });
  if (prefixLength === 0) return [suffix];
  const contexts = prefixes.length * count;
  return [
    model.group({ cells: contexts, start: 0, positions: prefixLength, length }),
    { ...suffix, contexts, reads: [0] },
  ];
}

/** Embeddings of prefix and suffixes, one row a token. */
function embedded(model: Transformer, block: PairBlock, side: Side): Tensor2D {
  const { prefixLength, prefixes, pairs } = block;
  const suffixes = pairs.map(({ pair }) => pair[side].slice(prefixLength));
  const groups = groupsOf(model, block, 1);
  const tokens = prefixLength > 0 ? [prefixes, suffixes] : [suffixes];
  return tf.concat(tokens.map((of, i) => model.withPositions(model.embed(of), groups[i]!)));
}

/** Each row `count` times. */
function repeated(rows: Tensor2D, count: number): Tensor2D {
  const [size, width] = rows.shape;
  return rows
    .expandDims<Tensor3D>(1)
    .tile([1, count, 1])
    .reshape([size * count, width]);
}

/** What is done to an activation [rows, dModel] at a hook of a layer. */
type Change = (hook: string, layer: number, x: Tensor2D) => Tensor2D;

const ABLATED = ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out'];

function changeOf(act: Act, candidates: readonly Candidate[]): Change {
  if (act === 'nothing') return (_hook, _layer, x) => x;
  const each = (x: Tensor2D): Tensor3D => x.reshape([-1, candidates.length, x.shape[1]]);
  if (act === 'ablate') {
    const units = tf.tensor2d(candidates.map(({ values }) => [...unit(values)]));
    return (hook, _layer, x) => {
      if (!ABLATED.includes(hook)) return x;
      const shares = each(x).mul(units).sum(-1, true);
      return each(x).sub<Tensor>(shares.mul(units)).reshape(x.shape);
    };
  }
  return (hook, layer, x) => {
    if (hook !== 'hook_resid_pre' || candidates.every((own) => own.layer !== layer)) return x;
    const added = candidates.map((own) => [...(own.layer === layer ? own.values : own.values.map(() => 0))]);
    return each(x).add<Tensor>(tf.tensor2d(added)).reshape(x.shape);
  };
}

/** The vector divided by its length; call it for none that is zero. */
export function unit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  return values.map((x) => x / length);
}

/** Residual streams at the last position, [candidates · pairs, dModel], pairs varying fastest. Call it within `tf.tidy`. */
export function runCandidates(model: Transformer, pass: CandidatePass): Tensor2D {
  const { block, side, act, candidates, layers, cancel, plain, onResid } = pass;
  const first = plain === undefined ? 0 : Math.min(...candidates.map(({ layer }) => layer));
  const groups = groupsOf(model, block, candidates.length);
  const change = changeOf(act, candidates);
  let resid = repeated(plain?.[first] ?? embedded(model, block, side), candidates.length);
  for (let layer = first; layer < layers; layer++) {
    cancel.throwIfCancelled();
    onResid?.(resid);
    const lastOnly = layer === model.config.nLayers - 1;
    const point = Object.assign(
      <T extends Tensor>(hook: string, x: T): T => change(hook, layer, x as Tensor as Tensor2D) as Tensor as T,
      { wants: () => false },
    );
    const next = model.withBlock(layer, (weights) =>
      scoped(() => ({ residPost: runBlock(weights, resid, groups, { point, lastOnly }).residPost })),
    );
    resid.dispose();
    resid = next.residPost;
  }
  return lastOfPairs(resid, pass);
}

/** The suffixes' last position, which is the end of the rows, directions outermost. */
function lastOfPairs(resid: Tensor2D, { block, candidates }: CandidatePass): Tensor2D {
  const [rows, width] = resid.shape;
  const [pairs, count] = [block.pairs.length, candidates.length];
  return resid
    .slice([rows - pairs * count, 0], [pairs * count, width])
    .reshape<Tensor3D>([pairs, count, width])
    .transpose<Tensor3D>([1, 0, 2])
    .reshape([count * pairs, width]);
}
