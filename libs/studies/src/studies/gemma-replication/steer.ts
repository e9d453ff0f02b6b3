/** Steering as the replication did it: with what the heads add and with the difference vector, to induce and to inhibit. */
import type { CheckedClaim } from '../../claims.ts';
import type { LineChart, Series, Table } from '../../figure.ts';
import type { ReportSection } from '../../report.ts';
import { counted, percent } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import { brokenSentence, steeredExamples, type Examples } from './examples.ts';
import type { Replication } from './replication.ts';
import {
  ablate,
  ablationSentence,
  HALF,
  SCALES,
  smallestScale,
  sweepScales,
  sweepSentence,
  type SteeringSweep,
  type SweptScale,
  type Way,
} from './steering-sweeps.ts';
import { findVector, type VectorName } from './steering-vectors.ts';

/** A sweep, and completions at one of its scales; null without a tokenizer. */
interface Tried {
  sweep: SteeringSweep;
  examples: Examples | null;
}

/** What a vector does. */
export interface Steered {
  words: string;
  /** How it was chosen. */
  chosen: string;
  induce: Tried;
  inhibit: Tried;
  ablated: SteeringSweep;
}

/** Null where the vector is zero: the prompts do not differ there. */
export async function steerWith(
  replication: Replication,
  wanted: { name: VectorName; heads?: string[]; layers: number[] },
): Promise<Steered | null> {
  const vector = await findVector(replication, wanted);
  if (vector === null) return null;
  const tried = async (way: Way): Promise<Tried> => {
    const sweep = await sweepScales(replication, vector, way);
    return { sweep, examples: await steeredExamples(replication, sweep) };
  };
  const { words, chosen } = vector;
  return {
    ...{ words, chosen, induce: await tried('induce'), inhibit: await tried('inhibit') },
    ablated: await ablate(replication, vector),
  };
}

/** One section a vector. */
export function steeredSection({ words, chosen, induce, inhibit, ablated }: Steered, apart: string): ReportSection {
  const sweeps = [induce.sweep, inhibit.sweep];
  return {
    title: `Steering with ${words}`,
    paragraphs: [`${chosen} ${apart}`, triedSentence(induce), triedSentence(inhibit), ablationSentence(ablated)],
    figures: [
      sweepChart(sweeps, { title: `Share of prompts that ${words} flips`, unit: 'share flipped', of: 'flipped' }),
      sweepChart(sweeps, { title: `How far ${words} moves the next token`, unit: 'KL divergence, nats', of: 'kl' }),
    ],
    tables: [sweepTable(sweeps, words), ...[induce, inhibit].flatMap(({ examples }) => examples?.table ?? [])],
  };
}

function triedSentence({ sweep, examples }: Tried): string {
  return examples === null ? sweepSentence(sweep) : `${sweepSentence(sweep)} ${brokenSentence(examples)}`;
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

/** Whether it flips at least half of what can flip, and leaves a text at that scale; null where nothing can flip. */
function steers({ sweep, examples }: Tried): boolean | null {
  if (sweep.flippable === 0) return null;
  const isText = examples === null || examples.broken <= MOST_BROKEN * examples.steered;
  return smallestScale(sweep, HALF) !== undefined && isText;
}

/** A part of the completions at that scale. */
const MOST_BROKEN = 0.5;

const RULE = `Flipping ${percent(HALF)} counts as steering, where not more than ${percent(MOST_BROKEN)} of the completions repeat themselves.`;

const not = (outcome: boolean | null): boolean | null => (outcome === null ? null : !outcome);

/** Nothing was steered with: no head is over the threshold, or the vector is zero. */
const NO_HEADS = 'There is nothing that chosen heads add to steer with.';
const NO_DIFFERENCE = 'The difference vector is zero at every layer that was tried.';

export function steeringClaims({ heads, difference }: Record<VectorName, Steered | null>): CheckedClaim[] {
  const all = [heads, difference].filter((steered) => steered !== null);
  return [
    ...headClaims(heads),
    difference === null
      ? checkedClaim('difference-steers', null, NO_DIFFERENCE)
      : checkedClaim('difference-steers', steers(difference.induce), `${triedSentence(difference.induce)} ${RULE}`),
    inhibitingClaim(all),
    lossyClaim(all.map(({ induce, inhibit }) => [induce, inhibit])[0] ?? []),
  ];
}

/** The scale that Gemma-2 9B needed more than. */
const LARGE_SCALE = 26;

function headClaims(heads: Steered | null): CheckedClaim[] {
  if (heads === null)
    return (['heads-fail-to-steer', 'heads-need-a-large-scale'] as const).map((name) =>
      checkedClaim(name, null, NO_HEADS),
    );
  const [sentence, does] = [triedSentence(heads.induce), steers(heads.induce)];
  const half = smallestScale(heads.induce.sweep, HALF);
  const isLarge = does === null ? null : does && half!.scale > LARGE_SCALE;
  return [
    checkedClaim('heads-fail-to-steer', not(does), `${sentence} ${RULE}`),
    checkedClaim(
      'heads-need-a-large-scale',
      isLarge,
      `${sentence} ${RULE} A scale over ${LARGE_SCALE} counts as large.`,
    ),
  ];
}

/** Neither by taking a vector from harmful prompts nor by projecting it out. */
function inhibitingClaim(all: readonly Steered[]): CheckedClaim {
  const flips = all.flatMap(({ inhibit, ablated }) => [steers(inhibit), steers({ sweep: ablated, examples: null })]);
  const inhibits = flips.every((does) => does === null) ? null : flips.includes(true);
  const told = all.map(({ inhibit, ablated }) => `${triedSentence(inhibit)} ${ablationSentence(ablated)}`);
  return checkedClaim(
    'inhibiting-fails',
    not(inhibits),
    told.length === 0 ? `${NO_HEADS} ${NO_DIFFERENCE}` : [...told, RULE].join(' '),
  );
}

/** A part of completions whose words and metric disagree from which on the metric counts as lossy. */
const LOSSY = 0.1;

/** @param tried of one vector: the completions with nothing done are the same for both. */
function lossyClaim(tried: readonly Tried[]): CheckedClaim {
  const agreements = tried.flatMap(({ examples }) => examples?.agreements ?? []);
  if (agreements.length === 0)
    return checkedClaim('metric-is-lossy', null, 'There are no completions to compare it with.');
  const apart = agreements.filter((agrees) => !agrees).length;
  return checkedClaim(
    'metric-is-lossy',
    apart / agreements.length > LOSSY,
    `Of ${counted(agreements.length, 'completion')} with nothing done, ${apart} ${apart === 1 ? 'refuses or complies' : 'refuse or comply'} by their words where the metric says the opposite; more than ${percent(LOSSY)} counts as lossy.`,
  );
}
