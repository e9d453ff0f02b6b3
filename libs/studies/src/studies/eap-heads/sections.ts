/** What the study of edges says: sentences, figures and tables from its numbers. */
import { bytesText, countText, durationText } from '@demur/charts';
import { spearman } from '@demur/interp';
import { edgeNames, sharedCount, strengthShare, type EdgeScores } from '../../edge-scores.ts';
import type { BarChart, LineChart, Table } from '../../figure.ts';
import { headMap } from '../../head-map.ts';
import type { ReportSection } from '../../report.ts';
import { sum } from '../../sum.ts';
import { counted, layersText, listed, number, percent } from '../../wording.ts';
import { agreement, LLAMA_2_7B, sentStrengths, type Agreement, type FoundEdges } from './find-edges.ts';

/** Edges in the tables. */
const LISTED = 20;

/** As a caption tells what a score is. */
const SCORE = 'expected change of the metric';

export function edgesSection({ given, pairs, llamaEdges, eap, record }: FoundEdges): ReportSection {
  const { nLayers, nHeads } = given.config;
  const edges = eap.cells.length;
  const { seconds, peakBytes, backend } = record;
  return {
    title: 'How many edges',
    paragraphs: [
      `${counted(nLayers, 'layer')} of ${counted(nHeads, 'head')} are ${countText(edges)} edges between ${eap.senders.length} senders and ` +
        `${eap.receivers.length} receivers, keys and values counted once a query head. The shape of Llama-2-7B, ${LLAMA_2_7B.nLayers} layers of ` +
        `${LLAMA_2_7B.nHeads} heads, has ${countText(llamaEdges)}.`,
      `EAP scored all of them over ${counted(pairs, 'pair')} in ${durationText(seconds.run)} on ${counted(backend.workers, 'worker')} ` +
        `(${backend.name}; at most ${bytesText(peakBytes)} resident), which is ${number((1e6 * seconds.run) / edges)} µs an edge. ` +
        `Sorting them by strength took ${number(1000 * eap.orderSeconds)} ms, ${percent(eap.orderSeconds / seconds.run)} of that; ` +
        `what scoring took of the passes is not in the record.`,
    ],
    figures: [],
    tables: [],
  };
}

export function strongestSection(found: FoundEdges): ReportSection {
  const { eap } = found;
  const cells = [...eap.order.subarray(0, LISTED)];
  const supporting = cells.filter((cell) => eap.scores[cell]! < 0).length;
  const hundredth = Math.ceil(eap.order.length / 100);
  return {
    title: 'The strongest edges',
    paragraphs: [
      strongestSentence(found),
      `Of the ${cells.length} strongest, ${supporting} have a negative score (they speak for refusal) and ${cells.length - supporting} do not. ` +
        `They have ${percent(strengthShare(eap, cells.length))} of all |score|, and the strongest hundredth of the edges (${hundredth}) has ${percent(strengthShare(eap, hundredth))}.`,
    ],
    figures: [],
    tables: [strongestTable(found, cells)],
  };
}

function strongestSentence({ eap, contrast }: FoundEdges): string {
  const [first] = eap.order as unknown as [number];
  const score = eap.scores[first]!;
  const change = `${score < 0 ? 'fall' : 'rise'} by ${number(Math.abs(score))}`;
  const part =
    contrast === 0
      ? ''
      : `, ${percent(Math.abs(score / contrast))} of the ${number(Math.abs(contrast))} between the two groups`;
  return (
    `The strongest edge is ${edgeNames(eap, [first])[0]!}: with what it carries in the prompts not to refuse, ` +
    `the metric of the prompts to refuse is expected to ${change}${part}.`
  );
}

function strongestTable({ eap, eapIg, bootstrap }: FoundEdges, cells: number[]): Table {
  const names = edgeNames(eap, cells);
  const resampled = new Map(bootstrap?.top.map((edge) => [edge.edge, edge]));
  return {
    title: `The ${cells.length} strongest edges by EAP`,
    columns: ['rank', 'edge', 'score', '2.5 %', '97.5 %', 'frequency', 'EAP-IG'],
    rows: cells.map((cell, at) => {
      const { low = null, high = null, frequency = null } = resampled.get(names[at]!) ?? {};
      return [at + 1, names[at]!, eap.scores[cell]!, low, high, frequency, eapIg.scores[cell]!];
    }),
  };
}

export function nodesSection({ given, eap }: FoundEdges): ReportSection {
  const { nLayers, nHeads } = given.config;
  const strengths = sentStrengths(eap);
  const rows = Array.from({ length: nLayers }, (_, layer) => [
    ...strengths.subarray(1 + layer * (nHeads + 1), 1 + (layer + 1) * (nHeads + 1)),
  ]);
  const heads = rows.flatMap((row, layer) =>
    row.slice(0, nHeads).map((value, head) => ({ name: `a${layer}.h${head}`, layer, value })),
  );
  const ofHeads = sum(heads.map(({ value }) => value));
  const ofMlps = sum(rows.map((row) => row[nHeads]!));
  const all = sum([...strengths]);
  heads.sort((a, b) => b.value - a.value);
  const half = heads.slice(0, halfCount(heads.map(({ value }) => value)));
  const part = (value: number): string => percent(all === 0 ? 0 : value / all);
  return {
    title: 'Strength by node',
    paragraphs: [
      `Of all |score|, ${part(ofHeads)} is on edges out of heads, ${part(ofMlps)} out of MLPs and ${part(strengths[0]!)} out of the embedding.`,
      `Half of what heads send leaves ${half.length} of the ${counted(heads.length, 'head')}, ${listed(half.slice(0, 10).map(({ name }) => name))}` +
        `${half.length > 10 ? ' first of all' : ''}, in ${layersText(half.map(({ layer }) => layer))}.`,
    ],
    figures: [
      headMap(rows, {
        nHeads,
        title: 'Summed |score| of the edges out of each node',
        caption: `The head that sends most is ${heads[0]!.name} with ${number(heads[0]!.value)}. EAP, all edges.`,
        unit: 'summed |score|',
      }),
    ],
    tables: [],
  };
}

/** How many of descending values make half of their sum. */
function halfCount(descending: readonly number[]): number {
  const half = sum(descending) / 2;
  let [count, reached] = [0, 0];
  while (count < descending.length && reached < half) reached += descending[count++]!;
  return Math.max(1, count);
}

export function surenessSection(found: FoundEdges): ReportSection {
  const { bootstrap, eap } = found;
  const title = 'How sure the scores are';
  if (bootstrap === undefined)
    return {
      title,
      paragraphs: ['A single pair cannot be resampled: the scores have no interval.'],
      figures: [],
      tables: [],
    };
  const top = bootstrap.top.slice(0, LISTED);
  const sure = top.filter(({ low, high }) => low > 0 || high < 0).length;
  const always = bootstrap.top.filter(({ frequency }) => frequency === 1).length;
  const least = Math.min(...top.map(({ frequency }) => frequency));
  const count = bootstrap.top.length;
  return {
    title,
    paragraphs: [
      `Over ${bootstrap.resamples} resamples of the ${counted(found.pairs, 'pair')}, the interval of ${sure} of the ${top.length} strongest edges leaves out 0 ` +
        `(percentiles 2.5 to 97.5). Each of these ${top.length} is among the ${count} strongest in ${least === 1 ? 'every resample' : `at least ${percent(least)} of the resamples`}.`,
      `The sets of the ${count} strongest edges of two resamples have a Jaccard index of ${number(bootstrap.stability)} on average (stability); ` +
        `${always} of ${counted(eap.order.length, 'edge')} are in every one of them.`,
    ],
    figures: [intervalBars(top, sure)],
    tables: [],
  };
}

function intervalBars(top: { edge: string; score: number; low: number; high: number }[], sure: number): BarChart {
  return {
    kind: 'bars',
    title: 'Scores of the strongest edges with their intervals',
    caption: `${sure} of ${top.length} intervals (percentiles 2.5 to 97.5 over resamples of the pairs) leave out 0. Negative: the edge speaks for refusal.`,
    labels: top.map(({ edge }) => edge),
    y: { title: SCORE },
    values: top.map(({ score }) => score),
    low: top.map(({ low }) => low),
    high: top.map(({ high }) => high),
  };
}

export function checkSection({ eap, eapIg, exact }: FoundEdges): ReportSection {
  const [ofEap, ofEapIg] = [agreement(eap, exact), agreement(eapIg, exact)];
  const order = [...exact.cells.keys()].sort((a, b) => exact.effects[a]! - exact.effects[b]!);
  const closer = (ofEapIg.pearson ?? -1) > (ofEap.pearson ?? -1) ? 'EAP-IG' : 'EAP';
  const strongest = [...order].sort((a, b) => Math.abs(exact.effects[b]!) - Math.abs(exact.effects[a]!));
  const names = edgeNames(eap, exact.cells);
  return {
    title: 'Against exact patching',
    paragraphs: [
      `${counted(exact.cells.length, 'edge')} were patched one at a time: the strongest of both estimates, and random others. ` +
        `${agreementSentence('EAP', ofEap)} ${agreementSentence('EAP-IG', ofEapIg)} ` +
        `${ofEap.pearson === ofEapIg.pearson ? 'Neither is closer to the exact effects.' : `${closer} is closer to the exact effects.`}`,
      `${furthestSentence('EAP', eap, exact)} ${furthestSentence('EAP-IG', eapIg, exact)}`,
    ],
    figures: [effectLines({ eap, eapIg, exact }, order)],
    tables: [
      {
        title: 'The patched edges with the largest effects',
        columns: ['edge', 'exact effect', 'EAP', 'EAP-IG'],
        rows: strongest.slice(0, LISTED).map((at) => {
          const cell = exact.cells[at]!;
          return [names[at]!, exact.effects[at]!, eap.scores[cell]!, eapIg.scores[cell]!];
        }),
      },
    ],
  };
}

function agreementSentence(name: string, { pearson, spearman: ranks, signs }: Agreement): string {
  if (pearson === null || ranks === null)
    return `${name}'s scores or the effects are all alike, so that they have no correlation.`;
  return `${name}'s scores correlate with the exact effects at ${number(pearson)} (Pearson; of ranks ${number(ranks)}), with the same sign in ${percent(signs)}.`;
}

function furthestSentence(estimate: string, scores: EdgeScores, { cells, effects }: FoundEdges['exact']): string {
  const gaps = Array.from(cells, (cell, at) => Math.abs(scores.scores[cell]! - effects[at]!));
  const at = gaps.indexOf(Math.max(...gaps));
  const cell = cells[at]!;
  return `${estimate} is furthest off at ${edgeNames(scores, [cell])[0]!}: ${number(scores.scores[cell]!)}, and exactly ${number(effects[at]!)}.`;
}

function effectLines({ eap, eapIg, exact }: Pick<FoundEdges, 'eap' | 'eapIg' | 'exact'>, order: number[]): LineChart {
  const scoresOf = ({ scores }: { scores: Float32Array }) => order.map((at) => scores[exact.cells[at]!]!);
  return {
    kind: 'lines',
    title: 'What patching does, and what the scores expect',
    caption: `${order.length} edges in the order of their exact effects, from ${number(exact.effects[order[0]!]!)} to ${number(exact.effects[order.at(-1)!]!)}.`,
    x: { title: 'edge, by its exact effect', values: order.map((_, place) => place + 1) },
    y: { title: 'change of the metric' },
    series: [
      { name: 'exact', values: order.map((at) => exact.effects[at]!) },
      { name: 'EAP', values: scoresOf(eap) },
      { name: 'EAP-IG', values: scoresOf(eapIg) },
    ],
  };
}

export function estimatesSection({ eap, eapIg }: FoundEdges): ReportSection {
  const scoresOf = ({ scores }: { scores: Float32Array }) => Float32Array.from(eap.cells, (cell) => scores[cell]!);
  const ranks = spearman(scoresOf(eap), scoresOf(eapIg));
  const counts = oneTwoFive(eap.order.length);
  const shared = counts.map(
    (count) => sharedCount(eap.order.subarray(0, count), eapIg.order.subarray(0, count)) / count,
  );
  const told = counts.flatMap((count, at) =>
    [10, 100, 1000].includes(count) ? [`${percent(shared[at]!)} of the ${countText(count)} strongest`] : [],
  );
  return {
    title: 'EAP beside EAP-IG',
    paragraphs: [
      ranks === null
        ? 'All scores of an estimate are alike, so that the two have no rank correlation.'
        : `The ranks of all ${counted(eap.order.length, 'edge')} correlate at ${number(ranks)} (Spearman, scores with their sign). ` +
          `Both estimates name ${told.length === 0 ? 'the same edges as far as there are any' : listed(told)}.`,
    ],
    figures: [
      {
        kind: 'lines',
        title: 'Edges that both estimates name',
        caption: `Of as many strongest edges of EAP, the share that are among as many of EAP-IG: ${counts.length === 0 ? 'too few edges' : `from ${percent(Math.min(...shared))} to ${percent(Math.max(...shared))}`}.`,
        x: { title: 'strongest edges', values: counts, scale: 'log' },
        y: { title: 'shared' },
        series: [{ name: 'shared', values: shared }],
      },
    ],
    tables: [],
  };
}

/** 10, 20, 50, 100 … up to `most`. */
function oneTwoFive(most: number): number[] {
  const steps = Array.from({ length: 8 }, (_, power) => [1, 2, 5].map((times) => times * 10 ** (power + 1))).flat();
  return steps.filter((count) => count <= most);
}
