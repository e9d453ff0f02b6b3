/** Circuits by specs, through the engine's process, against the reference of circuits/make_circuits.py: their runs, and ACDC's. */
import { readFileSync } from 'node:fs';
import { openEnginePool, parseSpec, runExperiment } from '@demur/interp';
import type { EnginePool, ExperimentResult, NamedArray } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from './golden-case.ts';

type Ablation = 'corrupted' | 'zero' | 'mean';

interface Reference {
  /** Metrics by pair. */
  clean: number[];
  ablated: Record<Ablation, number[]>;
  circuits: ({ edges: string[] } & Record<Ablation, { circuit: number[]; rest: number[] }>)[];
  acdc: { tau: number; edges: string[]; tested: number; metric: number; nearest: number }[];
}

const references = JSON.parse(readFileSync(new URL('circuits/circuits.json', import.meta.url), 'utf8')) as Record<
  string,
  Reference
>;

let pool: EnginePool;
beforeAll(async () => {
  pool = await openEnginePool({ workers: 2 });
});
afterAll(() => pool.close());

const run = (spec: object): Promise<ExperimentResult> => runExperiment(parseSpec(spec), { pool });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each(Object.entries(references))('%s', (name, reference) => {
  const { model, pairs } = goldenCase(name, 'plain');

  /** The largest difference, of the clean metric's size. */
  const off = (got: NamedArray | undefined, wanted: number[]): number => {
    const scale = Math.max(...reference.clean.map(Math.abs));
    return Math.max(...wanted.map((value, pair) => Math.abs(value - got!.values[pair]!))) / scale;
  };

  it.each(['corrupted', 'zero', 'mean'] as const)(
    'runs circuits whose other edges are ablated: %s',
    async (ablation) => {
      for (const { edges, [ablation]: wanted } of reference.circuits) {
        const options = { circuit: edges, ablation, completeness: true };
        const { arrays, result } = await run({ kind: 'circuit-evaluation', model, pairs, options });
        expect(off(arrays['metric'], wanted.circuit)).toBeLessThan(1e-5);
        expect(off(arrays['baseline.ablated'], reference.ablated[ablation])).toBeLessThan(1e-5);
        expect(off(arrays['baseline.clean'], reference.clean)).toBeLessThan(1e-5);
        // In units of the metric: clean and ablated runs may be close to each other.
        const [empty, whole] = [mean(reference.ablated[ablation]), mean(reference.clean)];
        const units = (share: number): number => empty + share * (whole - empty);
        const [size] = result.sizes as { edges: number; faithfulness: number; completeness: number }[];
        expect(size!.edges).toBe(edges.length);
        expect(units(size!.faithfulness)).toBeCloseTo(mean(wanted.circuit), 4);
        expect(units(size!.completeness)).toBeCloseTo(mean(wanted.rest), 4);
      }
    },
  );

  it.each(reference.acdc)('finds the circuit that ACDC finds, tau $tau', async ({ tau, edges, tested, metric }) => {
    const options = { method: 'acdc', tau, dangling: 'keep' };
    const { arrays, result } = await run({ kind: 'circuit-discovery', model, pairs, options });
    const { senders, receivers } = result as { senders: string[]; receivers: string[] };
    const kept = [...arrays['in_circuit']!.values.entries()].flatMap(([cell, isKept]) =>
      isKept === 1 ? [`${senders[Math.floor(cell / receivers.length)]}->${receivers[cell % receivers.length]}`] : [],
    );
    expect(kept).toEqual(edges);
    expect(result.circuit).toMatchObject({ edges: edges.length, tested });
    expect(mean([...arrays['circuit.metric']!.values])).toBeCloseTo(metric, 4);
  });
});
