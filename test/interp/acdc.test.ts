/** ACDC's decisions, whatever is tested ahead of them, against the algorithm as its paper writes it. */

import { describe, expect, it } from 'vitest';
import { acdc, type AcdcOptions, type AcdcState } from '../../libs/interp/src/discovery/acdc.ts';
import { readColumns, topEdges } from '../../libs/interp/src/discovery/select.ts';
import { buildGraph } from '../../libs/interp/src/graph/graph.ts';
import { nodeInputs } from '../../libs/interp/src/graph/node-inputs.ts';
import { randomValues } from '../model/tiny-model.ts';

const shape = { nLayers: 3, nHeads: 4, nKvHeads: 2 };
const graphs = (['expanded', 'native'] as const).map((kvHeads) => [kvHeads, buildGraph(shape, kvHeads)] as const);

/** A number of each circuit in which edges that lead nowhere do not count, and every other depends on its neighbours. */
function metricOn({ mask, receivers }: { mask: Float32Array; receivers: string[] }, inputs: number[][]) {
  const weights = randomValues(mask.length, 11).map((value) => value ** 3);
  return (circuit: Uint8Array): number => {
    const read = readColumns(circuit, inputs);
    let sum = 0;
    let before = 0;
    for (const [cell, kept] of circuit.entries()) {
      if ((kept & read[cell % receivers.length]!) === 0) continue;
      sum += weights[cell]! * (1 + before);
      before = weights[cell]!;
    }
    return sum;
  };
}

describe.each(graphs)('on the %s graph', (_, graph) => {
  const inputs = nodeInputs(graph);
  const metric = metricOn(graph, inputs);
  const columns = graph.receivers.length;
  const start = topEdges(randomValues(graph.mask.length, 2), graph, 150);
  const tau = 0.15;
  const isRemoved = (effect: number): boolean => Math.abs(effect) < tau;
  const options = (more: Partial<AcdcOptions> = {}): AcdcOptions => ({
    ...{ graph, start, tau, sizeOf: Math.abs, scores: null, mostAtOnce: 16 },
    run: async (circuits) => Float32Array.from(circuits, metric),
    ...more,
  });

  /** Receivers from the last, senders from the last; an edge whose receiver's node has no edge out goes. */
  function byPaper(): { circuit: Uint8Array; tested: number } {
    const circuit = start.slice();
    const ownersOf = (column: number) => [...inputs.keys()].filter((sender) => inputs[sender]!.includes(column));
    const hasReaders = (sender: number) => circuit.subarray(sender * columns, (sender + 1) * columns).includes(1);
    let tested = 0;
    let now = Math.fround(metric(circuit));
    for (let column = columns - 1; column >= 0; column--)
      for (let sender = inputs.length - 1; sender >= 0; sender--) {
        const cell = sender * columns + column;
        if (circuit[cell] === 0) continue;
        circuit[cell] = 0;
        if (column < columns - 1 && !ownersOf(column).some(hasReaders)) continue;
        tested++;
        const without = Math.fround(metric(circuit));
        if (isRemoved(Math.fround(without - now))) now = without;
        else circuit[cell] = 1;
      }
    return { circuit, tested };
  }

  const wanted = byPaper();

  it('finds the circuit of one test at a time', async () => {
    const kept = wanted.circuit.reduce((a, b) => a + b, 0);
    expect(kept).toBeGreaterThan(10);
    expect(wanted.tested).toBeLessThan(140);
    const { inCircuit, tested, runs, batches } = await acdc(options({ mostAtOnce: 1 }));
    expect(inCircuit).toEqual(wanted.circuit);
    expect({ tested, runs, batches }).toEqual({ tested: wanted.tested, runs: tested + 1, batches: tested + 1 });
  });

  it.each([
    ['nothing', null],
    ['scores', randomValues(graph.mask.length, 2)],
    ['what is', Float32Array.from(wanted.circuit)],
    ['what is not', Float32Array.from(wanted.circuit, (kept) => 1 - kept)],
  ])('finds the same whatever is expected: %s', async (_, scores) => {
    const one = await acdc(options({ mostAtOnce: 1 }));
    const many = await acdc(options({ scores }));
    expect(many.inCircuit).toEqual(one.inCircuit);
    expect(many.effects).toEqual(one.effects);
    expect(many.tested).toBe(one.tested);
    expect(many.batches).toBeLessThanOrEqual(one.batches);
  });

  it('needs few batches and hardly a further run where expectations hold', async () => {
    const sharp = Float32Array.from(wanted.circuit, (kept) => (kept === 1 ? 100 * tau : 0));
    const { runs, batches, tested } = await acdc(options({ scores: sharp }));
    expect(runs).toBe(tested + 1);
    expect(batches).toBeLessThan(tested / 6);
    const worse = await acdc(options());
    expect(worse.runs).toBeGreaterThan(runs + 5);
    expect(worse.batches).toBeGreaterThan(2 * batches);
  });

  it('goes on after every batch as if it had not been stopped', async () => {
    const states: AcdcState[] = [];
    const whole = await acdc(options({ onBatch: (state) => states.push(state) }));
    expect(states.length).toBeGreaterThan(10);
    for (const resume of states) expect(await acdc(options({ resume }))).toEqual(whole);
  });

  it('tells of each edge what its test gave, and of none that went without', async () => {
    const { effects, inCircuit, tested } = await acdc(options());
    const cells = [...start.keys()].filter((cell) => start[cell] === 1);
    for (const cell of cells)
      expect(inCircuit[cell]).toBe(Number.isNaN(effects[cell]) || isRemoved(effects[cell]!) ? 0 : 1);
    expect(effects.filter((effect) => !Number.isNaN(effect)).length).toBe(tested);
  });
});
