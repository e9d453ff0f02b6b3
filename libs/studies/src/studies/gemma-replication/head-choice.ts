/** Every head patched alone, those over the threshold chosen, and what they do together; found on half of the pairs. */
import type { CheckedClaim } from '../../claims.ts';
import type { HeatMap, Table } from '../../figure.ts';
import type { ReportSection } from '../../report.ts';
import { counted, number, percent } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import type { Replication } from './replication.ts';

const THRESHOLD = 0.005;

/** A part of the model's heads that counts as a small set. */
const SMALL_SET = 0.1;

/** The part of the refusal score that a set must have to suffice. */
const SUFFICIENT = 0.8;

export interface ChosenHeads {
  /** Their names, strongest first; none where no head is over the threshold. */
  heads: string[];
  section: ReportSection;
  claims: CheckedClaim[];
}

export async function chooseHeads({ step, halves, given: { config } }: Replication): Promise<ChosenHeads> {
  const { result, array } = await step('head-scan', {
    kind: 'head-scan',
    pairs: halves.finding,
    options: { threshold: THRESHOLD, validate: ['patch'] },
  });
  const { heads = [], validation } = result;
  const all = config.nLayers * config.nHeads;
  const found = `${counted(heads.length, 'head')} of ${all} (${percent(heads.length / all)}) ${heads.length === 1 ? 'has' : 'have'} a score over ${THRESHOLD}.`;
  const { patch, none } = validation ?? {};
  const together =
    patch === undefined
      ? `The set is empty: ${none}.`
      : `Patched together they score ${number(patch.score)}; the sum of each alone is ${number(patch.singles)}${randomText(patch.random)}.`;
  return {
    heads: heads.map(({ name }) => name),
    section: {
      title: 'The heads',
      paragraphs: [
        `Each head's output is patched alone, at all positions, over ${counted(halves.finding.length, 'pair')}. ${found} ${together}`,
      ],
      figures: [headMap(await array('head_scores'))],
      tables: heads.length === 0 ? [] : [headTable(heads)],
    },
    claims: [
      checkedClaim('few-heads', heads.length > 0 && heads.length <= SMALL_SET * all, found),
      checkedClaim('heads-suffice', patch === undefined ? null : patch.score >= SUFFICIENT, together),
    ],
  };
}

function randomText(random: readonly number[]): string {
  if (random.length === 0) return '';
  return `, and ${counted(random.length, 'random set')} of other heads of the same layers ${random.length === 1 ? 'scores' : 'score at most'} ${number(Math.max(...random))}`;
}

function headMap({ shape, values }: { shape: number[]; values: Float32Array }): HeatMap {
  const [layers = 0, heads = 0] = shape;
  const rows = Array.from({ length: layers }, (_, layer) => [...values.subarray(layer * heads, (layer + 1) * heads)]);
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
  return {
    kind: 'heat-map',
    title: 'Refusal score of each head',
    caption: `Harmful into harmless prompts, a head at a time; the strongest is ${number(Math.max(...values))}.`,
    rows: { title: 'layer', labels: names(layers) },
    columns: { title: 'head', labels: names(heads) },
    unit: 'refusal score',
    values: rows,
  };
}

function headTable(heads: readonly { name: string; score: number }[]): Table {
  return {
    title: 'Heads over the threshold',
    columns: ['head', 'refusal score'],
    rows: heads.map(({ name, score }) => [name, score]),
  };
}
