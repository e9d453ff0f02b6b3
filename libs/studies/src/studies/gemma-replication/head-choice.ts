/** Every head patched alone, those over the threshold chosen, and what they do together; found on half of the pairs. */
import type { NamedArray } from '@demur/interp';
import type { ModelConfig } from '@demur/model';
import type { CheckedClaim } from '../../claims.ts';
import type { HeatMap, Table } from '../../figure.ts';
import { headMap } from '../../head-map.ts';
import type { ReportSection } from '../../report.ts';
import { counted, number, percent } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import type { Replication } from './replication.ts';

const THRESHOLD = 0.005;

/** As many as the replication found. */
const FEW = 11;

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
      figures: [scoreMap(await array('head_scores'), config)],
      tables: heads.length === 0 ? [] : [headTable(heads)],
    },
    claims: [
      checkedClaim('few-heads', heads.length > 0 && heads.length <= FEW, `${found} 1 to ${FEW} count as few.`),
      checkedClaim(
        'heads-suffice',
        patch === undefined ? null : patch.score >= SUFFICIENT,
        patch === undefined ? together : `${together} ${SUFFICIENT} or more counts as sufficing.`,
      ),
    ],
  };
}

function randomText(random: readonly number[]): string {
  if (random.length === 0) return '';
  return `, and ${counted(random.length, 'random set')} of other heads of the same layers ${random.length === 1 ? 'scores' : 'score at most'} ${number(Math.max(...random))}`;
}

function scoreMap({ values }: NamedArray, { nLayers, nHeads }: ModelConfig): HeatMap {
  const rows = Array.from({ length: nLayers }, (_, layer) => [
    ...values.subarray(layer * nHeads, (layer + 1) * nHeads),
  ]);
  return headMap(rows, {
    nHeads,
    title: 'Refusal score of each head',
    caption: `Harmful into harmless prompts, a head at a time; the strongest is ${number(Math.max(...values))}.`,
    unit: 'refusal score',
  });
}

function headTable(heads: readonly { name: string; score: number }[]): Table {
  return {
    title: 'Heads over the threshold',
    columns: ['head', 'refusal score'],
    rows: heads.map(({ name, score }) => [name, score]),
  };
}
