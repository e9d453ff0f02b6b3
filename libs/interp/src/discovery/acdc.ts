/**
 * ACDC (Conmy et al. 2023, arXiv 2304.14997): edges are tested one after the other, from the logits backwards, each against
 * the circuit that the decisions before it have left; it goes where the metric without it changes by too little. Decisions
 * alone, no tensors: how a circuit's metric comes about is the caller's part.
 *
 * Order: receivers from the last to the first of the graph's (so of a layer the MLP, then values, keys and queries), the
 * edges of each from its last sender to its first. A node's readers come before it. One that nothing reads any more is
 * dead: the edges into it go without a test.
 *
 * Tests are many and each depends on those before, so they run ahead of the decisions: a batch tests the next edges, each
 * under the decisions that are predicted for those before it, and its outcomes hold up to the first that was predicted
 * wrongly. The circuit is that of one test at a time, whatever is predicted (predictor.ts).
 */
import type { Graph } from '../graph/graph.ts';
import { Predictor } from './predictor.ts';
import type { PredictorState } from './predictor.ts';
import { RunningCircuit } from './running-circuit.ts';

export interface AcdcOptions {
  graph: Graph;
  /** The circuit to take edges from, [sender, receiver]. */
  start: Uint8Array;
  /** An edge stays without which the metric is larger by an effect of this size, or one beyond. */
  tau: number;
  /** How large an effect is, of either sign. */
  sizeOf(effect: number): number;
  /** Effects as they are expected, [sender, receiver], where they are. */
  scores: Float32Array | null;
  /** Tests of a batch, at most. */
  mostAtOnce: number;
  /** The metric of each circuit, a mean over all pairs. Masks are only lent. */
  run(circuits: Uint8Array[]): Promise<Float32Array>;
  /** Where to go on from: what `onBatch` was told last. */
  resume?: AcdcState | undefined;
  /** Told after each batch how far it is: edges decided, of all. */
  onBatch?: (state: AcdcState, progress: { decided: number; of: number }) => void;
}

/** All that the next batch depends on, beside the options. Its numbers are float32, so that what is stored is what was. */
export interface AcdcState extends PredictorState {
  /** What the tests gave, in the order of the edges up to the next one; NaN of those that went without. */
  effects: Float32Array;
  /** The metric of the circuit that is left. */
  metric: number;
  /** Circuits that were run, those for nothing included, and the batches that they came in. */
  runs: number;
  batches: number;
}

export interface AcdcCircuit {
  inCircuit: Uint8Array;
  /** What its test gave of each edge, [sender, receiver]; NaN where there was none. */
  effects: Float32Array;
  tested: number;
  runs: number;
  batches: number;
}

/** A test joins a batch whose predictions before it all hold at least this likely: else it had better wait for them. */
const LEAST_CHANCE = 0.65;

export async function acdc(options: AcdcOptions): Promise<AcdcCircuit> {
  const search = new Search(options);
  if (options.resume === undefined) await search.begin();
  else search.replay(options.resume);
  while (!search.isDone) {
    await search.batch();
    options.onBatch?.(search.state, search.progress);
  }
  return search.found;
}

/** Edges of a circuit in the order of their tests. */
function testOrder(start: Uint8Array, { senders, receivers }: Graph): Uint32Array {
  const [rows, columns] = [senders.length, receivers.length];
  const cells: number[] = [];
  for (let column = columns - 1; column >= 0; column--)
    for (let row = rows - 1; row >= 0; row--)
      if (start[row * columns + column] === 1) cells.push(row * columns + column);
  return Uint32Array.from(cells);
}

/** One test of a batch: its edge, whether that is expected to go, and the circuit without it. */
interface Test {
  cell: number;
  goes: boolean;
  circuit: Uint8Array;
}

class Search {
  readonly #options: AcdcOptions;
  readonly #order: Uint32Array;
  /** By place in the order; NaN of what is not tested. */
  readonly #effects: Float32Array;
  readonly #circuit: RunningCircuit;
  readonly #predictor: Predictor;
  /** The place of the next edge to test. */
  #next = 0;
  #metric = NaN;
  #runs = 0;
  #batches = 0;

  constructor(options: AcdcOptions) {
    this.#options = options;
    this.#order = testOrder(options.start, options.graph);
    this.#effects = new Float32Array(this.#order.length).fill(NaN);
    this.#circuit = RunningCircuit.of(options.start, options.graph);
    const { scores, sizeOf, tau, resume } = options;
    this.#predictor = new Predictor(scores && scores.map((score) => sizeOf(score) / tau), resume);
  }

  /** The metric of the circuit to begin with, and the first edge. */
  async begin(): Promise<void> {
    this.#metric = (await this.#run([this.#circuit.mask]))[0]!;
    this.#next = this.#dropDead(this.#circuit, 0);
  }

  /** Decides again what was decided. */
  replay({ effects, metric, runs, batches }: AcdcState): void {
    [this.#metric, this.#runs, this.#batches] = [metric, runs, batches];
    this.#next = this.#dropDead(this.#circuit, 0);
    while (this.#next < effects.length) this.#decide(effects[this.#next]!);
  }

  get isDone(): boolean {
    return this.#next === this.#order.length;
  }

  get state(): AcdcState {
    return {
      effects: this.#effects.slice(0, this.#next),
      ...{ metric: this.#metric, runs: this.#runs, batches: this.#batches, ...this.#predictor.state },
    };
  }

  get progress(): { decided: number; of: number } {
    return { decided: this.#next, of: this.#order.length };
  }

  get found(): AcdcCircuit {
    const effects = new Float32Array(this.#circuit.mask.length).fill(NaN);
    for (const [place, cell] of this.#order.entries()) effects[cell] = this.#effects[place]!;
    const tested = this.#effects.reduce((sum, effect) => sum + (Number.isNaN(effect) ? 0 : 1), 0);
    return { inCircuit: this.#circuit.mask, effects, tested, runs: this.#runs, batches: this.#batches };
  }

  /** Tests the next edges, and decides as many of them as were tested under the right circuit. */
  async batch(): Promise<void> {
    const tests = this.#predict();
    const metrics = await this.#run(tests.map(({ circuit }) => circuit));
    for (const [at, { cell, goes }] of tests.entries()) {
      const isRemoved = this.#decide(Math.fround(metrics[at]! - this.#metric));
      if (isRemoved) this.#metric = metrics[at]!;
      this.#predictor.learn(cell, isRemoved);
      if (isRemoved !== goes) return;
    }
  }

  /** The next tests, each as the predictions before it leave the circuit; as many as those are likely to hold for. */
  #predict(): Test[] {
    const circuit = this.#circuit.copy();
    const tests: Test[] = [];
    let chance = 1;
    let place = this.#next;
    while (chance >= LEAST_CHANCE && tests.length < this.#options.mostAtOnce && place < this.#order.length) {
      const cell = this.#order[place]!;
      const without = circuit.mask.slice();
      without[cell] = 0;
      const goingChance = this.#predictor.chance(cell);
      const goes = goingChance >= 0.5;
      tests.push({ cell, goes, circuit: without });
      chance *= goes ? goingChance : 1 - goingChance;
      if (goes) circuit.remove(cell);
      place = this.#dropDead(circuit, place + 1);
    }
    return tests;
  }

  /** Decides the next edge, and tells whether it goes. */
  #decide(effect: number): boolean {
    const { sizeOf, tau } = this.#options;
    const isRemoved = sizeOf(effect) < tau;
    this.#effects[this.#next] = effect;
    if (isRemoved) this.#circuit.remove(this.#order[this.#next]!);
    this.#next = this.#dropDead(this.#circuit, this.#next + 1);
    return isRemoved;
  }

  /** Takes edges into dead nodes away, from a place on to the first edge that is to be tested, whose place it gives. */
  #dropDead(circuit: RunningCircuit, from: number): number {
    let place = from;
    for (; place < this.#order.length && circuit.isDead(this.#order[place]!); place++)
      circuit.remove(this.#order[place]!);
    return place;
  }

  async #run(circuits: Uint8Array[]): Promise<Float32Array> {
    this.#runs += circuits.length;
    this.#batches++;
    return this.#options.run(circuits);
  }
}
