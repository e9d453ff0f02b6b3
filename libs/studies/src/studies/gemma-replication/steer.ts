/** Steering as the replication did it: with what the heads add and with the difference vector, to induce and to inhibit. */
import type { CheckedClaim } from '../../claims.ts';
import type { LineChart, Series, Table } from '../../figure.ts';
import type { ReportSection } from '../../report.ts';
import { counted } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import { steeredExamples, type Examples } from './examples.ts';
import type { Replication } from './replication.ts';
import {
  ablate,
  ablationSentence,
  SCALES,
  smallestScale,
  sweepScales,
  sweepSentence,
  type SteeringSweep,
  type SweptScale,
} from './steering-sweeps.ts';
import { findVector, type VectorName } from './steering-vectors.ts';

/** What a vector does. */
export interface Steered {
  name: VectorName;
  /** How it was chosen. */
  chosen: string;
  induce: SteeringSweep;
  inhibit: SteeringSweep;
  ablated: SteeringSweep;
  examples: Examples[];
}

/** Null where the vector is zero: the prompts do not differ there. */
export async function steerWith(
  replication: Replication,
  wanted: { name: VectorName; heads?: string[]; layers: number[] | 'all' },
): Promise<Steered | null> {
  const vector = await findVector(replication, wanted);
  if (vector === null) return null;
  const induce = await sweepScales(replication, vector, 'induce');
  const inhibit = await sweepScales(replication, vector, 'inhibit');
  const ablated = await ablate(replication, vector);
  const examples = [await steeredExamples(replication, induce), await steeredExamples(replication, inhibit)];
  return {
    ...{ name: vector.name, chosen: vector.chosen, induce, inhibit, ablated },
    examples: examples.filter((example) => example !== null),
  };
}

/** One section a vector. */
export function steeredSection({ chosen, induce, inhibit, ablated, examples }: Steered, apart: string): ReportSection {
  const { words } = induce.vector;
  return {
    title: `Steering with ${words}`,
    paragraphs: [
      `${chosen} ${apart}`,
      `${sweepSentence(induce)} ${sweepSentence(inhibit)} ${ablationSentence(ablated)}`,
    ],
    figures: [
      sweepChart([induce, inhibit], {
        title: `Share of prompts that ${words} flips`,
        unit: 'share flipped',
        of: 'flipped',
      }),
      sweepChart([induce, inhibit], {
        title: `How far ${words} moves the next token`,
        unit: 'KL divergence, nats',
        of: 'kl',
      }),
    ],
    tables: [sweepTable([induce, inhibit], words), ...examples.map(({ table }) => table)],
  };
}

const SERIES = { induce: 'added to harmless prompts', inhibit: 'taken from harmful prompts' };

function sweepChart(
  sweeps: readonly SteeringSweep[],
  { title, unit, of }: { title: string; unit: string; of: 'flipped' | 'kl' },
): LineChart {
  const series = sweeps.map(({ way, rows }): Series => ({ name: SERIES[way], values: rows.map((row) => row[of]) }));
  return {
    kind: 'lines',
    title,
    caption: `Means over the prompts ${of === 'flipped' ? 'that can flip' : 'of each sweep'}, a point a scale.`,
    x: { title: 'scale', values: [...SCALES], scale: 'log' },
    y: { title: unit },
    series: series.filter(({ values }) => values.some((value) => value !== null)),
  };
}

function sweepTable(sweeps: readonly SteeringSweep[], words: string): Table {
  const columns = sweeps.flatMap(({ way }) => [`${SERIES[way]}: flipped`, 'metric', 'KL, nats']);
  const cells = ({ flipped, metric, kl }: SweptScale) => [flipped, metric, kl];
  return {
    title: `Scales of ${words}`,
    columns: ['scale', ...columns],
    rows: SCALES.map((scale, at) => [scale, ...sweeps.flatMap(({ rows }) => cells(rows[at]!))]),
  };
}

/** Whether a sweep, or its vector projected out, flips at least half of what can flip; null where nothing can. */
function flipsHalf(...sweeps: SteeringSweep[]): boolean | null {
  if (sweeps.every(({ flippable }) => flippable === 0)) return null;
  return sweeps.some((sweep) => smallestScale(sweep, 0.5) !== undefined);
}

/** @param none why there is no steering with the heads. */
export function steeringClaims(heads: Steered | null, difference: Steered | null, none: string): CheckedClaim[] {
  const ways = [heads, difference].filter((steered) => steered !== null);
  const inhibited = ways.map(({ inhibit, ablated }) => flipsHalf(inhibit, ablated));
  const inhibits = inhibited.every((flips) => flips === null) ? null : inhibited.includes(true);
  return [
    ...headClaims(heads, none),
    difference === null
      ? checkedClaim('difference-steers', null, 'The difference vector is zero at all layers of interest.')
      : checkedClaim('difference-steers', flipsHalf(difference.induce), sweepSentence(difference.induce)),
    checkedClaim(
      'inhibiting-fails',
      inhibits === null ? null : !inhibits,
      ways.map(({ inhibit, ablated }) => `${sweepSentence(inhibit)} ${ablationSentence(ablated)}`).join(' ') || none,
    ),
    lossyClaim(ways.flatMap(({ examples }) => examples)),
  ];
}

/** The scale that Gemma-2 9B needed. */
const LARGE_SCALE = 26;

function headClaims(heads: Steered | null, none: string): CheckedClaim[] {
  const claims = ['heads-fail-to-steer', 'heads-need-a-large-scale'] as const;
  if (heads === null) return claims.map((name) => checkedClaim(name, null, none));
  const sentence = sweepSentence(heads.induce);
  const flips = flipsHalf(heads.induce);
  const half = smallestScale(heads.induce, 0.5);
  const outcomes = [
    flips === null ? null : !flips,
    flips === null ? null : half !== undefined && half.scale > LARGE_SCALE,
  ];
  return claims.map((name, at) => checkedClaim(name, outcomes[at]!, sentence));
}

/** Completions whose words and metric may disagree before the metric counts as lossy. */
const LOSSY = 0.1;

function lossyClaim(examples: readonly Examples[]): CheckedClaim {
  // Both vectors' examples begin with the same plain completions.
  const agreements = examples.slice(0, 2).flatMap((example) => example.agreements);
  if (agreements.length === 0)
    return checkedClaim(
      'metric-is-lossy',
      null,
      'There are no completions to compare with: the model has no tokenizer.',
    );
  const apart = agreements.filter((agrees) => !agrees).length;
  return checkedClaim(
    'metric-is-lossy',
    apart / agreements.length > LOSSY,
    `Of ${counted(agreements.length, 'completion')} with nothing done, ${apart} ${apart === 1 ? 'refuses or complies' : 'refuse or comply'} by their words where the metric says the opposite.`,
  );
}
