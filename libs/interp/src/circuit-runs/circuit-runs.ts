/**
 * Runs of circuits on a block of pairs: the model in which every node reads what its kept edges carry of this run, and what
 * the others carry ablated. The clean and the ablated run are made once; any number of circuits is run between them.
 *
 * A receiver's input is the ablated residual stream and, over its kept edges, Σ (what the sender writes in this run − what it
 * writes ablated), before the receiver's norm. A circuit of all edges is the clean run, one of none the ablated run. Only
 * nodes with a path of kept edges to the metric run, from the first layer on in which one of them does not read everything.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { lastRows, scoped } from '@demur/model/engine';
import type { Block, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { buildGraph } from '../graph/graph.ts';
import type { KvHeads } from '../graph/graph.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { ablatedRuns } from './ablated-runs.ts';
import type { AblatedLayer, AblatedRuns } from './ablated-runs.ts';
import { ablatedBlock } from './ablation.ts';
import type { Ablation } from './ablation.ts';
import { CircuitPlan, graphPlaces, READS_NOTHING, senderAt, sendersBefore } from './circuit-plan.ts';
import type { GraphPlaces, Read } from './circuit-plan.ts';
import { cleanHeadChanges, headChanges, mlpChanges } from './layer-changes.ts';
import type { CircuitLayer, HeadUnit } from './layer-changes.ts';
import { circuitsAtOnce } from './plan-circuits.ts';
import { SenderChanges } from './sender-changes.ts';
import type { AttentionSum, CellRead, CellSender } from './sender-changes.ts';

export interface CircuitRunOptions {
  kvHeads: KvHeads;
  ablation: Ablation;
  /** Its pairs are the block's, in its order. */
  metric: Metric;
  readings: Readings;
  cancel: CancelToken;
  /** Circuits that run together at most; by default as many as fit beside the weights. */
  atOnce?: number;
}

/** The metric of each pair, in the block's order. */
export interface CircuitBaselines {
  clean: Float32Array;
  corrupted: Float32Array;
  /** Of the circuit without edges. */
  ablated: Float32Array;
}

export interface CircuitRuns {
  baselines: CircuitBaselines;
  /**
   * The metric of circuits, [circuit, pair].
   * @param circuits masks [sender, receiver] of the graph, 1 where an edge is kept.
   * @param onStep called with the share that is done, after each layer.
   */
  run(circuits: readonly Uint8Array[], onStep?: (share: number) => void): Promise<Float32Array>;
  /** Runs a circuit and holds what its senders write: runs of others then start at the first layer in which they differ from it. */
  startFrom(circuit: Uint8Array): void;
  /** Frees the tensors of these runs. */
  dispose(): void;
}

/** Runs a block clean and ablated, and holds what circuits need of that until `dispose`. */
export async function openCircuitRuns(
  model: Transformer,
  given: PairBlock,
  options: CircuitRunOptions,
): Promise<CircuitRuns> {
  const { metric, readings, ablation, cancel, kvHeads } = options;
  const block = ablatedBlock(given, ablation);
  const places = graphPlaces(buildGraph(model.config, kvHeads), model.config, metric.layers);
  const baselines: Partial<CircuitBaselines> = {};
  const runs = scoped(() => {
    const made = ablatedRuns(model, block, { ablation, end: metric.layers, cancel });
    for (const side of ['clean', 'corrupted', 'ablated'] as const)
      readings.read(metric.values(lastRows(made.final[side], made.group), block.pairs.length), (values) => {
        baselines[side] = values.slice();
      });
    return made;
  });
  const between: Between = { model, runs, places, options, base: null };
  const dispose = (): void => {
    tf.dispose(runs as unknown as tf.TensorContainer);
    disposeBase(between.base);
  };
  await readings.settle().catch((error: unknown) => {
    dispose();
    throw error;
  });
  return {
    baselines: baselines as CircuitBaselines,
    run: (circuits, onStep) => runAll(between, circuits, onStep),
    startFrom(circuit) {
      disposeBase(between.base);
      between.base = null;
      tf.tidy(() => void (between.base = runBase(between, circuit)));
    },
    dispose,
  };
}

interface Between {
  model: Transformer;
  runs: AblatedRuns;
  places: GraphPlaces;
  options: CircuitRunOptions;
  /** What runs start from; null of the clean run. */
  base: BaseRun | null;
}

/** The run of a circuit, with what all of its senders change. */
interface BaseRun {
  plan: CircuitPlan;
  changes: SenderChanges;
  /** By layer, how the residual stream before it is changed, [1, rows · dModel]; at last what the metric reads. */
  streams: Tensor2D[];
}

function disposeBase(base: BaseRun | null): void {
  base?.changes.dispose();
  tf.dispose(base?.streams ?? []);
}

/** Runs a circuit from the clean run on. Call within `tf.tidy`. */
function runBase(between: Between, circuit: Uint8Array): BaseRun {
  const { places } = between;
  const plan = new CircuitPlan(circuit, places);
  const pass = startPass(between, [plan], [new Set(places.inputs.keys())]);
  const base: BaseRun = { plan, changes: pass.changes, streams: [] };
  const hold = (stream: Tensor2D): void => void base.streams.push(tf.keep(stream));
  try {
    for (let layer = 0; layer < pass.first; layer++) hold(streamChange(between, layer));
    runLayers(between, pass, () => hold(pass.changes.stream.clone()));
    hold(pass.changes.stream.clone());
    return base;
  } catch (error) {
    disposeBase(base);
    throw error;
  }
}

/** Circuits a few at a time, such as start at nearly the same layer. */
async function runAll(
  between: Between,
  circuits: readonly Uint8Array[],
  onStep: (share: number) => void = () => undefined,
): Promise<Float32Array> {
  const { model, places, runs, options } = between;
  const pairs = runs.group.cells;
  const metrics = new Float32Array(circuits.length * pairs);
  const plans = circuits.map((mask, at) => ({ at, plan: new CircuitPlan(mask, places, between.base?.plan) }));
  plans.sort((a, b) => a.plan.firstLayer - b.plan.firstLayer || a.at - b.at);
  const atOnce = options.atOnce ?? circuitsAtOnce(model, places, { rows: runs.group.positions * pairs });
  for (let start = 0; start < plans.length; start += atOnce) {
    const some = plans.slice(start, start + atOnce);
    const share = (part: number): void => onStep((start + part * some.length) / plans.length);
    tf.tidy(() => {
      const values = runPass(
        between,
        some.map(({ plan }) => plan),
        share,
      );
      options.readings.read(values, (of) => {
        for (const [i, { at }] of some.entries()) metrics.set(of.subarray(i * pairs, (i + 1) * pairs), at * pairs);
      });
    });
  }
  await options.readings.settle();
  return metrics;
}

/** The metric of some circuits, [circuits, pairs]. */
function runPass(between: Between, plans: readonly CircuitPlan[], onShare: (part: number) => void): Tensor2D {
  const pass = startPass(between, plans);
  const { first, changes, reads } = pass;
  try {
    runLayers(between, pass, (layer) => onShare((layer - first) / (between.places.end - first)));
    return readMetric(between, changes, reads);
  } finally {
    changes.dispose();
  }
}

/** Circuits that run together, up to where they are. Holds tensors: `changes`. */
interface Pass {
  /** The layer that they start at. */
  first: number;
  plans: readonly CircuitPlan[];
  reads: readonly ReadonlyMap<number, Read>[];
  changes: SenderChanges;
}

/**
 * Call within `tf.tidy`.
 * @param needed by circuit, the senders whose changes are to be told apart: by default those that its receivers read apart.
 */
function startPass(between: Between, plans: readonly CircuitPlan[], needed?: readonly ReadonlySet<number>[]): Pass {
  const { model, places, base } = between;
  const first = Math.min(...plans.map(({ firstLayer }) => firstLayer));
  const reads = plans.map((plan) => plan.reads(first));
  const readApart = reads.map((own) => new Set([...own.values()].flatMap(({ except }) => except)));
  const stream = base?.streams[first] ?? streamChange(between, first);
  const changes = new SenderChanges(needed ?? readApart, { stream, dModel: model.config.dModel });
  try {
    if (base === null) shareClean(between, changes, first);
    else changes.shareFrom(base.changes, sendersBefore(places.shape, first));
    return { first, plans, reads, changes };
  } catch (error) {
    changes.dispose();
    throw error;
  }
}

/** @param onLayer called before each. */
function runLayers(between: Between, { first, plans, reads, changes }: Pass, onLayer: (layer: number) => void): void {
  const { model, runs, places, options } = between;
  for (let layer = first; layer < places.end; layer++) {
    options.cancel.throwIfCancelled();
    onLayer(layer);
    const at = { runs, places, layer, plans, reads };
    if (plans.some((plan) => plan.liveHeads(layer).length > 0 || plan.hasLiveMlp(layer)))
      model.withBlock(layer, (block) => runLayer(block, changes, at));
  }
}

/** How the clean residual stream before a layer, or what the metric reads, differs from the ablated one: [1, rows · dModel]. */
function streamChange({ runs }: Between, layer: number): Tensor2D {
  return rowVector(streamAt(runs, layer, 'clean').sub(streamAt(runs, layer, 'ablated')));
}

/** The residual stream before a layer, or what the metric reads. */
function streamAt({ layers, final }: AblatedRuns, layer: number, side: 'clean' | 'ablated'): Tensor2D {
  const at = layers[layer];
  if (at === undefined) return final[side];
  return side === 'clean' ? at.input : at.base.residPre;
}

/** Rows [rows, dModel] as one. */
function rowVector(x: Tensor2D): Tensor2D {
  return x.reshape([1, -1]);
}

/** What senders before the first layer change, as far as a receiver reads it apart. */
function shareClean({ model, runs, places }: Between, changes: SenderChanges, first: number): void {
  const { shape } = places;
  const needed = (sender: number): boolean => changes.isNeeded(sender);
  if (needed(0))
    tf.tidy(() => changes.share([0], rowVector(streamAt(runs, 0, 'clean').sub(streamAt(runs, 0, 'ablated')))));
  for (let layer = 0; layer < first; layer++) {
    const at = runs.layers[layer] as AblatedLayer;
    const heads = Array.from({ length: shape.nHeads }, (_, head) => senderAt(shape, layer, head));
    const mlp = senderAt(shape, layer, shape.nHeads);
    if (heads.some(needed))
      model.withBlock(layer, (block) =>
        tf.tidy(() => changes.share(heads, cleanHeadChanges({ block, layer: at }), attentionSum(at))),
      );
    if (needed(mlp)) tf.tidy(() => changes.share([mlp], rowVector(at.clean.mlpOut.sub(at.ablated.mlpOut))));
  }
}

function attentionSum({ ln1Post, base }: AblatedLayer): AttentionSum | undefined {
  return ln1Post && { norm: { ln1Post }, ablated: rowVector(base.attnRaw) };
}

interface PassLayer {
  runs: AblatedRuns;
  places: GraphPlaces;
  layer: number;
  plans: readonly CircuitPlan[];
  /** By circuit and receiver. */
  reads: readonly ReadonlyMap<number, Read>[];
}

function runLayer(block: Block, changes: SenderChanges, at: PassLayer): void {
  const { runs, layer } = at;
  const own = runs.layers[layer] as AblatedLayer;
  const group: RowGroup = { ...runs.group, fixed: own.prefix ? [own.prefix] : [] };
  const of = { block, layer: own, group };
  tf.tidy(() => runHeads(of, changes, at));
  tf.tidy(() => runMlps(of, changes, at));
}

function runHeads(of: CircuitLayer, changes: SenderChanges, at: PassLayer): void {
  const { places, layer } = at;
  const list = new InputList();
  const { units, wanted } = headUnits(at, list);
  if (units.length === 0) return;
  const inputs = rowVector(of.layer.base.residPre).add<Tensor2D>(changes.received(list.reads));
  const senders = wanted.map(({ cell, head }) => ({ cell, sender: senderAt(places.shape, layer, head) }));
  changes.add(senders, headChanges(of, inputs, { units, wanted }), attentionSum(of.layer));
}

function runMlps(of: CircuitLayer, changes: SenderChanges, { places, layer, plans, reads }: PassLayer): void {
  const sender = senderAt(places.shape, layer, places.shape.nHeads);
  const cells = [...plans.keys()].filter((cell) => plans[cell]!.hasLiveMlp(layer));
  if (cells.length === 0) return;
  const column = places.inputs[sender]![0]!;
  const own = cells.map((cell) => ({ cell, read: reads[cell]!.get(column) as Read }));
  const inputs = rowVector(of.layer.base.residMid).add<Tensor2D>(changes.received(own));
  const senders = cells.map((cell): CellSender => ({ cell, sender }));
  changes.add(senders, mlpChanges(of, inputs));
}

/** The attentions of a layer that are live, and the inputs that they read. */
function headUnits({ places, layer, plans, reads }: PassLayer, list: InputList) {
  const perKvHead = places.shape.nHeads / places.shape.nKvHeads;
  const units: (HeadUnit & { cell: number })[] = [];
  for (const [cell, plan] of plans.entries()) {
    const index = (column: number): number => list.index(cell, reads[cell]!.get(column) ?? READS_NOTHING);
    for (const heads of unitsOf(places, layer)) {
      if (!heads.some((head) => plan.isLive(senderAt(places.shape, layer, head)))) continue;
      const ports = heads.map((head) => places.inputs[senderAt(places.shape, layer, head)]!);
      const [, k, v] = ports[0] as [number, number, number];
      const q = ports.map(([query]) => index(query!));
      units.push({ cell, heads, kvHead: Math.floor(heads[0]! / perKvHead), q, k: index(k), v: index(v) });
    }
  }
  units.sort((a, b) => a.heads[0]! - b.heads[0]! || a.cell - b.cell);
  const isLive = (cell: number, head: number): boolean => plans[cell]!.isLive(senderAt(places.shape, layer, head));
  const wanted = units
    .flatMap(({ cell, heads }, unit) =>
      heads.filter((head) => isLive(cell, head)).map((head) => ({ cell, unit, head })),
    )
    .sort((a, b) => a.cell - b.cell || a.head - b.head);
  return { units, wanted };
}

/** A layer's heads, those together that share their keys and values: in an expanded graph each alone. */
function unitsOf({ shape, inputs }: GraphPlaces, layer: number): number[][] {
  const heads = Array.from({ length: shape.nHeads }, (_, head) => head);
  return [...Map.groupBy(heads, (head) => inputs[senderAt(shape, layer, head)]![1]).values()];
}

/** The inputs that a layer's receivers read, circuit by circuit; a circuit's whole streams once. */
class InputList {
  readonly reads: CellRead[] = [];
  readonly #whole = new Map<string, number>();

  index(cell: number, read: Read): number {
    const key = `${cell} ${read.from}`;
    const known = read.except.length === 0 ? this.#whole.get(key) : undefined;
    if (known !== undefined) return known;
    if (read.except.length === 0) this.#whole.set(key, this.reads.length);
    return this.reads.push({ cell, read }) - 1;
  }
}

/** What the metric makes of each circuit's input of `logits`, [circuits, pairs]. */
function readMetric({ runs, places, options }: Between, changes: SenderChanges, reads: PassLayer['reads']): Tensor2D {
  const { group, final } = runs;
  const dModel = final.ablated.shape[1];
  const own = reads.map((of, cell) => ({ cell, read: of.get(places.columns - 1) as Read }));
  const all = changes.received(own);
  const width = group.cells * dModel;
  const last = all.slice([0, all.shape[1] - width], [own.length, width]);
  const stream = rowVector(lastRows(final.ablated, group)).add<Tensor2D>(last);
  return options.metric.values(stream.reshape([-1, dModel]), group.cells);
}
