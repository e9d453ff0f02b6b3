/** The experiments of the study of heads, and their numbers. Not what is said of them. */
import type { ResultJson } from '@demur/interp';
import { meanAndDeviation } from '../../mean-and-deviation.ts';
import type { GroupSummary, RefusalContrast } from '../../report.ts';
import type { StudyFinding, StudyGiven, StudyRun } from '../../study.ts';

/** Heads with a higher refusal score are chosen: the threshold of the published scans. */
export const THRESHOLD = 0.005;

/** A chosen head, with what else is known of it. */
export interface ChosenHead {
  name: string;
  layer: number;
  head: number;
  /** Refusal score by denoising. */
  score: number;
  /** Standard deviation over pairs of its change, on the same scale. */
  deviation: number;
  /** Share of pairs whose change has the sign of the score. */
  agreeing: number;
  /** Refusal score by noising. */
  noising: number;
}

/** Share of a group's prompts whose likelier token is the refusing one, as they are and with the chosen heads changed. */
export interface Refused {
  before: number;
  after: number;
}

/** What adding (induce) or taking away (inhibit) a multiple of what the chosen heads add does. */
export interface SteeredRow {
  /** Its size. */
  coefficient: number;
  /** Mean over pairs, as is `kl`: of the next token from the plain run, in nats. */
  metric: number;
  kl: number;
  refused: Refused;
}

export interface FoundHeads {
  given: StudyGiven;
  /** Refusal scores, [layer][head]. */
  scores: number[][];
  noising: number[][];
  /** Mean metric of both groups. */
  means: { clean: number; corrupted: number };
  /** Strongest first. */
  chosen: ChosenHead[];
  validation: NonNullable<ResultJson['validation']>;
  /** Corrupted prompts with the clean heads; undefined where no head was chosen, as the two below. */
  patched?: Refused;
  /** Clean prompts with the heads ablated. */
  ablated?: Record<'mean' | 'zero', Refused>;
  /** Induce: corrupted prompts, inhibit: clean ones. */
  steered?: Record<'induce' | 'inhibit', SteeredRow[]>;
}

export async function findHeads({ given, refusal, step }: StudyRun): Promise<FoundHeads> {
  const options = { threshold: THRESHOLD };
  const scan = await step('scan', { kind: 'head-scan', options });
  const back = { ...options, direction: 'noising', validate: [] };
  const noising = rowsOf(await (await step('noising', { kind: 'head-scan', options: back })).array('head_scores'));
  const { validation = {} } = scan.result;
  const means = { clean: refusal.clean.mean, corrupted: refusal.corrupted.mean };
  const scores = rowsOf(await scan.array('head_scores'));
  const found = { given, scores, noising, chosen: await chosenHeads(scan, noising), validation, means };
  return validation.none === undefined ? { ...found, ...(await changed(scan, refusal)) } : found;
}

async function chosenHeads({ result, array }: StudyFinding, noising: number[][]): Promise<ChosenHead[]> {
  const byPair = await array('head_scores.pair');
  return result.heads!.map((head) => {
    const changes = pairChanges(byPair, head);
    const { deviation } = meanAndDeviation(changes);
    const agreeing = changes.filter((change) => Math.sign(change) === Math.sign(head.score)).length / changes.length;
    return { ...head, deviation, agreeing, noising: noising[head.layer]![head.head]! };
  });
}

/** How many prompts are refused with the chosen heads patched, ablated and steered with. */
async function changed(
  { result, array }: StudyFinding,
  { clean, corrupted }: RefusalContrast,
): Promise<Pick<FoundHeads, 'patched' | 'ablated' | 'steered'>> {
  /** By row of an array [row, pair]; of sets, the chosen heads are the first. */
  const refusedOf = async (name: string, { refused: before }: GroupSummary): Promise<Refused[]> =>
    rowsOf(await array(name)).map((row) => ({ before, after: row.filter((metric) => metric > 0).length / row.length }));
  const ofSet = async (name: string, group: GroupSummary) => (await refusedOf(name, group))[0]!;
  const steeredBy = async (way: 'induce' | 'inhibit', group: GroupSummary): Promise<SteeredRow[]> => {
    const refused = await refusedOf(`validate.steer.${way}`, group);
    return result.validation!.steer![way].map(({ coefficient, metric, kl }, at) => ({
      ...{ coefficient: Math.abs(coefficient), metric, kl, refused: refused[at]! },
    }));
  };
  return {
    patched: await ofSet('validate.patch', corrupted),
    ablated: {
      mean: await ofSet('validate.ablate.mean', clean),
      zero: await ofSet('validate.ablate.zero', clean),
    },
    steered: { induce: await steeredBy('induce', corrupted), inhibit: await steeredBy('inhibit', clean) },
  };
}

interface Values {
  shape: number[];
  values: Float32Array;
}

function rowsOf({ shape, values }: Values): number[][] {
  const [rows, columns] = shape as [number, number];
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

/** @param byPair [layer, head, pair] */
function pairChanges({ shape, values }: Values, { layer, head }: { layer: number; head: number }): Float32Array {
  const [, heads, pairs] = shape as [number, number, number];
  const start = (layer * heads + head) * pairs;
  return values.subarray(start, start + pairs);
}
