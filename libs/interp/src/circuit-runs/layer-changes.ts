/**
 * What the heads and the MLPs of a layer write in circuits' runs, each receiver reading an input of its own: through its
 * norm, and one head's columns of W_Q, W_K or W_V. All circuits of a pass together.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { addedByMlp, attend, headResults, norm, project } from '@demur/model/engine';
import type { Block, RowGroup } from '@demur/model/engine';
import { prefixOfCells } from '../edges/receivers.ts';
import type { AblatedLayer } from './ablated-runs.ts';

/** One attention of one circuit: of a query head, or in a native graph of all that share a key/value head. */
export interface HeadUnit {
  heads: readonly number[];
  kvHead: number;
  /** Which of the inputs are read: by each head's queries, by the keys, by the values. */
  q: readonly number[];
  k: number;
  v: number;
}

export interface CircuitLayer {
  block: Block;
  layer: AblatedLayer;
  /** Rows of the suffix, a pair a cell, with the prefix that they read. */
  group: RowGroup;
}

/** A head of a unit. */
export interface UnitHead {
  unit: number;
  head: number;
}

/**
 * What heads change, before a post-norm: [heads, rows · dModel], in the order of `wanted`.
 * @param inputs what receivers read of the residual stream, [inputs, rows · dModel].
 * @param units all of as many heads; those of the same heads lie side by side.
 */
export function headChanges(
  { block, layer, group }: CircuitLayer,
  inputs: Tensor2D,
  { units, wanted }: { units: readonly HeadUnit[]; wanted: readonly UnitHead[] },
): Tensor2D {
  const { attn } = block;
  const [count, readers] = [units.length, units[0]!.heads.length];
  const normalized = normalizedInputs(block, inputs);
  const sequences = (x: Tensor3D): Tensor2D => toSequences(x, group);
  const ofReader = (reader: number): Tensor3D =>
    byHead(
      units,
      (unit) => unit.heads[reader]!,
      (own, head) =>
        projected(
          normalized,
          own.map(({ q }) => q[reader]!),
          headOf(attn.W_Q, attn.b_Q, { head, dHead: attn.dHead }),
        ),
    );
  const ofShared = (port: 'k' | 'v', W: Tensor2D, b: Tensor1D | undefined): Tensor3D =>
    byHead(
      units,
      (unit) => unit.kvHead,
      (own, head) =>
        projected(
          normalized,
          own.map((unit) => unit[port]),
          headOf(W, b, { head, dHead: attn.dHead }),
        ),
    );
  const q = tf.concat3d(
    Array.from({ length: readers }, (_, reader) => ofReader(reader)),
    2,
  );
  const projections = {
    q: sequences(q),
    k: sequences(ofShared('k', attn.W_K, attn.b_K)),
    v: sequences(ofShared('v', attn.W_V, attn.b_V)),
  };
  const kvHeads = units.map(({ kvHead }) => kvHead);
  const fixed = group.fixed.map((part) => prefixOfCells(part, kvHeads, { cells: count, pairs: group.cells }));
  const cells = { ...group, cells: count * group.cells, fixed };
  const { z } = attend(projections, cells, { rule: { ...attn, nHeads: readers, nKvHeads: 1 } });
  return resultChanges({ block, layer, group }, fromSequences(z, group, count), { units, wanted });
}

/** What the MLPs change that read these: [inputs, rows · dModel] of the residual stream → the same of what they add. */
export function mlpChanges({ block, layer }: CircuitLayer, inputs: Tensor2D): Tensor2D {
  const { ablated } = layer;
  const [rows, dModel] = layer.input.shape;
  return addedByMlp(block, inputs.reshape([-1, dModel]))
    .reshape<Tensor3D>([-1, rows, dModel])
    .sub(ablated.mlpOut)
    .reshape(inputs.shape);
}

/** What all heads of the clean run change, before a post-norm: [heads, rows · dModel]. */
export function cleanHeadChanges({ block, layer }: Pick<CircuitLayer, 'block' | 'layer'>): Tensor2D {
  const { nHeads } = block.attn;
  const change = headResults(block, layer.clean.z.sub(layer.ablated.z));
  return change.reshape([nHeads, -1]);
}

/** Each input through the norm: [inputs, rows · dModel]. */
function normalizedInputs({ ln1 }: Block, inputs: Tensor2D): Tensor2D {
  return tf.tidy(() => norm(ln1, inputs.reshape<Tensor2D>([-1, ln1.w.shape[0]])).normalized.reshape(inputs.shape));
}

interface HeadWeights {
  /** [dModel, dHead] */
  W: Tensor2D;
  b: Tensor1D | undefined;
}

/** A head's columns of a weight. */
function headOf(W: Tensor2D, b: Tensor1D | undefined, { head, dHead }: { head: number; dHead: number }): HeadWeights {
  return { W: W.slice([0, head * dHead], [W.shape[0], dHead]), b: b?.slice(head * dHead, dHead) };
}

/** Some inputs [inputs, rows · dModel] through one head's weights: [those, rows, dHead]. */
function projected(inputs: Tensor2D, indices: readonly number[], { W, b }: HeadWeights): Tensor3D {
  return tf.tidy(() => {
    const own = tf.gather(inputs, [...indices]).reshape<Tensor2D>([-1, W.shape[0]]);
    return project(own, W, b).reshape<Tensor3D>([indices.length, -1, W.shape[1]]);
  });
}

/** What `of` makes of the units of each head, joined; those of one head lie side by side. */
function byHead<T extends { heads: readonly number[] }>(
  units: readonly T[],
  headOfUnit: (unit: T) => number,
  of: (units: readonly T[], head: number) => Tensor3D,
): Tensor3D {
  const runs = [...Map.groupBy(units, ({ heads }) => heads[0]!).values()];
  return tf.concat3d(
    runs.map((own) => of(own, headOfUnit(own[0]!))),
    0,
  );
}

/** [units, positions · pairs, width] → rows of a pass, [positions · units · pairs, width]. */
function toSequences(x: Tensor3D, { positions, cells: pairs }: RowGroup): Tensor2D {
  const [units, , width] = x.shape;
  return x.reshape([units, positions, pairs, width]).transpose([1, 0, 2, 3]).reshape([-1, width]);
}

/** The inverse of `toSequences`. */
function fromSequences(x: Tensor2D, { positions, cells: pairs }: RowGroup, units: number): Tensor3D {
  const width = x.shape[1];
  return x.reshape([positions, units, pairs, width]).transpose([1, 0, 2, 3]).reshape([units, -1, width]);
}

/** From z [units, rows, heads of a unit · dHead] to what heads change, [heads, rows · dModel]. */
function resultChanges(
  { block: { attn }, layer }: CircuitLayer,
  z: Tensor3D,
  { units, wanted }: { units: readonly HeadUnit[]; wanted: readonly UnitHead[] },
): Tensor2D {
  const { dHead } = attn;
  const dModel = attn.W_O.shape[1];
  const ofHead = (own: readonly UnitHead[], head: number): Tensor2D => {
    const reader = units[own[0]!.unit]!.heads.indexOf(head);
    const ofUnits = tf
      .gather(
        z,
        own.map(({ unit }) => unit),
      )
      .slice<Tensor3D>([0, 0, reader * dHead], [own.length, z.shape[1], dHead]);
    const ablated = layer.ablated.z.slice([0, head * dHead], [layer.ablated.z.shape[0], dHead]);
    const W = attn.W_O.slice<Tensor2D>([head * dHead, 0], [dHead, dModel]);
    return tf.matMul(ofUnits.sub<Tensor3D>(ablated).reshape<Tensor2D>([-1, dHead]), W).reshape([own.length, -1]);
  };
  const heads = [
    ...Map.groupBy(
      wanted.map((of, at) => ({ ...of, at })),
      ({ head }) => head,
    ),
  ];
  const changes = tf.concat2d(
    heads.map(([head, own]) => tf.tidy(() => ofHead(own, head))),
    0,
  );
  const order = heads.flatMap(([, own]) => own.map(({ at }) => at));
  const places = new Int32Array(order.length);
  for (const [row, at] of order.entries()) places[at] = row;
  return tf.gather(changes, tf.tensor1d(places, 'int32'));
}
