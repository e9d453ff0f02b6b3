/**
 * What a direction is made of, of both prompts of each pair: the residual stream at the chosen layers, or what the chosen
 * heads add to it, at the chosen positions. Not the mean over pairs: the shards' sums are merged for that.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { HookName } from '@demur/model';
import type { Hooks, Transformer } from '@demur/model/engine';
import type { Shard, ShardWork } from '../shard.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import type { PlacedPair } from '../suffix/pair-block.ts';
import type { Side } from '../suffix/pair-runs.ts';
import { headOf, layersOf, placesOf, positionList } from './layers.ts';
import type { DirectionExperiment } from './layers.ts';
import { pairsAtATime } from './rows-at-a-time.ts';

/** One vector [dModel] that a direction takes its share `weight` of. */
export interface Part {
  /** Of the vectors of an experiment: a layer of the residual stream, or 0 for the heads' one. */
  vector: number;
  /** Index on the position axis. */
  slot: number;
  side: Side;
  /** The pair's place in the shard. */
  place: number;
  /** One over the tokens that the position stands for. */
  weight: number;
  /** Whether the two prompts are the same up to here, so that they have the same vector. */
  isShared: boolean;
}

/** Where parts are read: a hook, the vector they belong to, and how [batch, position, dModel] comes from the activation. */
interface Site {
  hook: HookName;
  vector: number;
  stream(activation: Tensor): Tensor3D;
}

/** The vectors that differ: a heads direction has one, which stands at every layer. */
export function vectorsOf({ options }: DirectionExperiment, model: Pick<Transformer, 'config'>): number {
  return options.method === 'heads' ? 1 : layersOf(options, model.config).length;
}

function sitesOf({ options }: DirectionExperiment, { config }: Transformer): Site[] {
  if (options.method === 'heads') return headSites(options.heads ?? []);
  return layersOf(options, config).map((layer, vector) => ({
    hook: `blocks.${layer}.hook_resid_pre`,
    vector,
    stream: (activation) => activation as Tensor3D,
  }));
}

/** Heads of one layer together, with the post-norm's scale where there is one. */
function headSites(names: readonly string[]): Site[] {
  return [...Map.groupBy(names.map(headOf), ({ layer }) => layer)].map(([layer, heads]) => ({
    hook: `blocks.${layer}.attn.hook_result_post`,
    vector: 0,
    stream: (activation) => {
      const [batch, positions, , width] = (activation as Tensor4D).shape;
      const parts = heads.map(({ head }) => activation.slice([0, 0, head, 0], [batch, positions, 1, width]));
      return parts.reduce((sum, part) => sum.add(part)).reshape([batch, positions, width]);
    },
  }));
}

/** Calls `use` with every part of the shard's pairs; the values are only lent. */
export async function readParts(
  model: Transformer,
  spec: DirectionExperiment,
  shard: Shard,
  { work, use }: { work: ShardWork; use: (part: Part, values: Float32Array) => void },
): Promise<void> {
  const positions = positionList(spec.options);
  const placed = shard.pairs.map(({ pair }, place) => ({ place, pair }));
  const placesText = (pair: PlacedPair['pair']): string =>
    JSON.stringify(positions.map((position) => placesOf(pair, position)));
  const sites = sitesOf(spec, model);
  for (const { pairs } of pairBlocks(placed, placesText)) {
    const places = positions.map((position) => placesOf(pairs[0]!.pair, position));
    const size = pairsAtATime(model, pairs[0]!.pair.clean.length);
    for (let start = 0; start < pairs.length; start += size) {
      work.cancel.throwIfCancelled();
      readBatch(model, pairs.slice(start, start + size), { sites, places, work, use });
      await work.readings.settle();
    }
  }
}

function readBatch(
  model: Transformer,
  pairs: readonly PlacedPair[],
  options: {
    sites: readonly Site[];
    places: readonly (readonly number[])[];
    work: ShardWork;
    use: (part: Part, values: Float32Array) => void;
  },
): void {
  const { sites, places, work, use } = options;
  const columns = [...new Set(places.flat())];
  const rows = (['clean', 'corrupted'] as const).flatMap((side) => pairs.map((of) => ({ side, ...of })));
  const read = (activation: Tensor, { vector, stream }: Site): undefined => {
    const width = activation.shape.at(-1) as number;
    const chosen = tf.tidy(() => tf.gather(stream(activation), columns, 1));
    work.readings.read(chosen, (values) => {
      for (const [row, { side, place, pair }] of rows.entries())
        for (const [slot, own] of places.entries())
          for (const column of own) {
            const at = (row * columns.length + columns.indexOf(column)) * width;
            const part = { vector, slot, side, place, weight: 1 / own.length, isShared: column < pair.firstDifference };
            use(part, values.subarray(at, at + width));
          }
    });
    chosen.dispose();
  };
  const hooks: Hooks = {};
  for (const site of sites) hooks[site.hook] = (activation) => read(activation, site);
  const tokens = rows.map(({ side, pair }) => pair[side]);
  model.forward(tokens, { hooks, logitsAt: 'none' }).dispose();
}
