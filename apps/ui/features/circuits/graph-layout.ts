/**
 * Where the nodes of a circuit stand: layers from bottom to top, the input below them, the logits above. A head keeps the
 * column of its index in every layer, so that the picture stays still while edges come and go. Layers without a node take no room.
 */
import type { NodeKind } from '../../graphql/graphql.ts';
import { nodeHalf, widestArc } from './edge-path.ts';

export interface GraphNode {
  name: string;
  kind: NodeKind;
  layer?: number | null;
  head?: number | null;
}

export interface GraphLink {
  sender: GraphNode;
  receiver: GraphNode;
}

export interface PlacedNode extends GraphNode {
  x: number;
  y: number;
  /** What is written in it. */
  text: string;
}

export interface GraphLayout {
  nodes: PlacedNode[];
  rows: { layer: number; y: number }[];
  width: number;
  height: number;
}

export interface LayoutOptions {
  nHeads: number;
  nKvHeads: number;
}

const gutter = 44;
const margin = 26;
const narrowest = 26;
const widest = 64;
const usualWidth = 940;
const strokeRoom = 4;
const tallestRow = 58;
const lowestRow = 36;
/** A row with key/value heads has a second line below its heads. */
const lowestRowWithKv = 54;
const usualHeight = 900;

/** Coordinates in SVG units; y grows downwards. */
export function graphLayout(links: readonly GraphLink[], { nHeads, nKvHeads }: LayoutOptions): GraphLayout {
  const nodes = nodesOf(links);
  const layers = [...new Set(nodes.flatMap(({ layer }) => layer ?? []))].sort((a, b) => a - b);
  const lowest = nodes.some(({ kind }) => kind === 'KV_HEAD') ? lowestRowWithKv : lowestRow;
  const rowHeight = clamp(usualHeight / (layers.length + 2), lowest, tallestRow);
  const columnWidth = clamp((usualWidth - gutter - widestArc) / (nHeads + 1), narrowest, widest);
  const width = gutter + columnWidth * (nHeads + 1) + widestArc + nodeHalf.width + strokeRoom;
  const height = margin * 2 + rowHeight * (layers.length + 1);
  const rowOf = new Map(layers.map((layer, i) => [layer, height - margin - rowHeight * (i + 1)]));
  const columnOf = (node: GraphNode): number => gutter + columnWidth * (column(node, nHeads, nKvHeads) + 0.5);
  const heightOf = (node: GraphNode): number => {
    if (node.kind === 'INPUT') return height - margin;
    if (node.kind === 'LOGITS') return margin;
    return (rowOf.get(node.layer ?? 0) ?? margin) + lift[node.kind];
  };
  return {
    nodes: nodes.map((node) => ({ ...node, x: columnOf(node), y: heightOf(node), text: nodeText(node) })),
    rows: layers.map((layer) => ({ layer, y: rowOf.get(layer) ?? 0 })),
    width,
    height,
  };
}

/** How far a kind stands above (−) or below (+) the middle of its row: keys and values are read before, the MLP runs after. */
const lift: Record<NodeKind, number> = { INPUT: 0, HEAD: 0, KV_HEAD: 19, MLP: -13, LOGITS: 0 };

function column({ kind, head }: GraphNode, nHeads: number, nKvHeads: number): number {
  if (kind === 'HEAD') return head ?? 0;
  if (kind === 'KV_HEAD') return (((head ?? 0) + 0.5) * nHeads) / nKvHeads - 0.5;
  return kind === 'MLP' ? nHeads + 0.5 : (nHeads - 1) / 2;
}

/** What stands in a node: its head, or its name. */
export function nodeText({ kind, head, name }: GraphNode): string {
  if (kind === 'HEAD') return `h${head}`;
  return kind === 'KV_HEAD' ? `kv${head}` : name;
}

/** Every node once, in the order in which links name it. */
function nodesOf(links: readonly GraphLink[]): GraphNode[] {
  return [
    ...new Map(
      links.flatMap(
        ({ sender, receiver }) =>
          [
            [sender.name, sender],
            [receiver.name, receiver],
          ] as const,
      ),
    ).values(),
  ];
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
