/** What the study of circuits says: sentences, figures and tables from its numbers. */
import { countText, durationText, shareText } from '@demur/charts';
import { edgeNames, sharedCount } from '../../edge-scores.ts';
import type { HeatMap, LineChart, Table } from '../../figure.ts';
import { headMap } from '../../head-map.ts';
import type { ReportSection } from '../../report.ts';
import { counted, listed, number, percent } from '../../wording.ts';
import {
  FAITHFUL,
  isFaithful,
  lastSearch,
  PRUNED_FAITHFUL,
  type Circuit,
  type FoundCircuits,
  type Search,
} from './find-circuits.ts';

/** Edges in the tables. */
const LISTED = 20;

/** A small circuit has not more than this part of all edges. */
const SMALL = 0.05;

export function curveSection(found: FoundCircuits): ReportSection {
  const { circuit, asked, edges, cpr, cmd, pairs, given } = found;
  const all = given.dataSet.pairs.length;
  const share = asked / edges;
  const some =
    pairs === all
      ? ''
      : ` With ${countText(edges)} edges a circuit's run is slow, so this study takes ${pairs} of the ${all} pairs, spread over them.`;
  return {
    title: 'How few edges EAP-IG needs',
    paragraphs: [
      `Edges were chosen from the logits backwards by their EAP-IG score, all others carrying the corrupted run's activations.${some} ` +
        `The smallest circuit tried that does at least ${percent(FAITHFUL)} of what the model does has ${counted(asked, 'edge')}, ${shareText(share)} of ${countText(edges)}, ` +
        `${share <= SMALL ? 'not more' : 'more'} than ${percent(SMALL)}. ${keptSentence(found)}`,
      `Its faithfulness is ${told(circuit.faithfulness)}${beyond(circuit)}. ${areasSentence(cpr, cmd)}`,
    ],
    figures: [faithfulnessCurve(found)],
    tables: [],
  };
}

function keptSentence({ circuit, asked }: FoundCircuits): string {
  const { cells, nodes } = circuit;
  const dangling = asked - cells.length;
  if (dangling === 0)
    return `All of them lie on a path from the input to the logits; they touch ${counted(nodes, 'node')}.`;
  return `To ${dangling} of them no path leads from the input; the other ${countText(cells.length)} touch ${counted(nodes, 'node')}.`;
}

function areasSentence(cpr: number | null, cmd: number | null): string {
  if (cpr === null || cmd === null) return 'The sizes do not span the whole curve, so that it has no area.';
  return `Over the share of edges, the area under the curve (CPR) is ${number(cpr)}, and that between it and 1 (CMD) ${number(cmd)}.`;
}

/** A circuit may do more than the model: what the other edges do works against it. */
function beyond({ faithfulness }: Circuit): string {
  return faithfulness !== null && faithfulness > 2 - FAITHFUL
    ? ', more than the model: edges that it leaves out work against it'
    : '';
}

/** A faithfulness that there may not be. */
function told(faithfulness: number | null): string {
  return faithfulness === null ? 'undefined' : number(faithfulness);
}

function faithfulnessCurve({ sizes, asked }: FoundCircuits): LineChart {
  return {
    kind: 'lines',
    title: 'Faithfulness of circuits by EAP-IG',
    caption: `${sizes.length} circuits; from ${counted(asked, 'edge')} on, the first is faithful. 1: all that the model does.`,
    x: { title: 'share of the edges', values: sizes.map(({ share }) => share), scale: 'log' },
    y: { title: 'faithfulness' },
    series: [{ name: 'EAP-IG, from the logits backwards', values: sizes.map(({ faithfulness }) => faithfulness) }],
  };
}

export function stabilitySection({ bootstrap, asked, pairs }: FoundCircuits): ReportSection {
  const title = 'How stable it is';
  if (bootstrap === undefined)
    return { title, paragraphs: ['A single pair cannot be resampled.'], figures: [], tables: [] };
  const { stability, resamples, top } = bootstrap;
  const always = top.filter(({ frequency }) => frequency === 1).length;
  const most = top.length < asked ? ` (${countText(asked)} are more than are compared)` : '';
  return {
    title,
    paragraphs: [
      `The pairs were drawn again ${resamples} times, ${pairs} with replacement each time. The sets of the ${countText(top.length)} strongest edges of two such samples${most} ` +
        `have a Jaccard index of ${number(stability)} on average. ${always} of ${countText(top.length)} edges are in every sample's set.`,
    ],
    figures: [],
    tables: [],
  };
}

export function searchSection(found: FoundCircuits): ReportSection {
  const { searches, pruned, contrast } = found;
  const last = lastSearch(found);
  const failed = searches.length - (isFaithful(last) ? 1 : 0);
  return {
    title: 'What ACDC++ leaves',
    paragraphs: [
      `${prunedSentence(pruned)} (ACDC++ was published with EAP's scores for that.) They were tested one after the other: an edge goes if the metric changes by less than a threshold without it. ` +
        `Thresholds are shares of the difference between the two groups, ${number(Math.abs(contrast))}: ${listed(searches.map(({ share, tau }) => `${shareText(share)} (${number(tau)})`))}` +
        `${searches.length > 1 ? ', from the largest on until a circuit is faithful' : ''}.`,
      outcomeSentence(last, { failed, edges: found.edges }),
    ],
    figures: [],
    tables: [searchTable(found)],
  };
}

function prunedSentence({ edges, share, faithfulness }: FoundCircuits['pruned']): string {
  const what = `the ${countText(edges)} edges strongest by EAP-IG, ${shareText(share)} of all, whose faithfulness by themselves is ${number(faithfulness)}`;
  if (faithfulness >= PRUNED_FAITHFUL) return `Pruning left ${what}.`;
  return `Pruning left ${what}, less than the ${number(PRUNED_FAITHFUL)} that was looked for: more edges were not to be tested.`;
}

function outcomeSentence(last: Search, { failed, edges }: { failed: number; edges: number }): string {
  const what = `${counted(last.cells.length, 'edge')} (${shareText(last.cells.length / edges)}) between ${counted(last.nodes, 'node')}, with faithfulness ${told(last.faithfulness)}${beyond(last)}`;
  const cost = `${countText(last.tested)} tests took ${durationText(last.seconds)}.`;
  if (!isFaithful(last))
    return `None of ${counted(failed, 'threshold')} left a circuit that does ${percent(FAITHFUL)} of what the model does; the smallest threshold left ${what}. ${cost}`;
  return `At ${shareText(last.share)} it left ${what}. ${cost}`;
}

function searchTable({ searches }: FoundCircuits): Table {
  return {
    title: 'ACDC++ by threshold',
    columns: ['share', 'tau', 'edges', 'nodes', 'faithfulness', 'tests', 'runs of circuits', 'seconds'],
    rows: searches.map(({ share, tau, cells, nodes, faithfulness, tested, passes, seconds }) => [
      ...[shareText(share), tau, cells.length, nodes, faithfulness],
      ...[tested, passes, seconds],
    ]),
  };
}

export function comparisonSection(found: FoundCircuits): ReportSection {
  const { circuit } = found;
  const last = lastSearch(found);
  const shared = sharedCount(circuit.cells, last.cells);
  const union = circuit.cells.length + last.cells.length - shared;
  return {
    title: 'The two circuits',
    paragraphs: [
      `${sizeSentence(circuit, last)} They share ${counted(shared, 'edge')}, a Jaccard index of ${number(union === 0 ? 1 : shared / union)}.`,
    ],
    figures: [nodeMap(found)],
    tables: [edgeTable(found)],
  };
}

function sizeSentence(circuit: Circuit, last: Search): string {
  const difference = last.cells.length - circuit.cells.length;
  const than = `than EAP-IG's ${countText(circuit.cells.length)} (faithfulness ${told(last.faithfulness)} against ${told(circuit.faithfulness)})`;
  if (difference === 0) return `ACDC++'s circuit has as many edges as EAP-IG's, ${countText(circuit.cells.length)}.`;
  return `ACDC++'s circuit has ${counted(Math.abs(difference), 'edge')} ${difference < 0 ? 'fewer' : 'more'} ${than}.`;
}

/** The kept edges at each head and MLP, in or out. */
function nodeMap(found: FoundCircuits): HeatMap {
  const { given, scores } = found;
  const { nLayers, nHeads } = given.config;
  const counts = new Map<string, number>();
  for (const name of edgeNames(scores, lastSearch(found).cells))
    for (const node of name.split('->')) {
      const own = node.split('<', 1)[0]!;
      counts.set(own, (counts.get(own) ?? 0) + 1);
    }
  const nodeAt = (layer: number, column: number): string => (column === nHeads ? `m${layer}` : `a${layer}.h${column}`);
  const rows = Array.from({ length: nLayers }, (_, layer) =>
    Array.from({ length: nHeads + 1 }, (_, column) => counts.get(nodeAt(layer, column)) ?? 0),
  );
  const touched = rows.flat().filter((count) => count > 0).length;
  return headMap(rows, {
    nHeads,
    title: "ACDC++'s circuit by node",
    caption: `Edges of the circuit into or out of each head and MLP: ${touched} of ${rows.flat().length} have any.`,
    unit: 'edges',
  });
}

function edgeTable(found: FoundCircuits): Table {
  const { scores, circuit } = found;
  const { cells, effects } = lastSearch(found);
  const size = (cell: number): number => Math.abs(effects[cell]!);
  const strongest = cells.toSorted((a, b) => size(b) - size(a)).slice(0, LISTED);
  const chosen = new Set(circuit.cells);
  return {
    title: "The edges of ACDC++'s circuit that the metric changes most without",
    columns: ['edge', 'change without it', 'EAP-IG', "in EAP-IG's circuit"],
    rows: strongest.map((cell) => [
      ...edgeNames(scores, [cell]),
      ...[effects[cell]!, scores.scores[cell]!, chosen.has(cell) ? 'yes' : 'no'],
    ]),
  };
}
