/** Walking a graph by arrow keys: sideways within a row, up and down to the nearest node of the next row. */
import type { PlacedNode } from './graph-layout.ts';

const directions: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The nearest node in the key's direction, distance across it counting double; sideways within the layer alone. */
export function nodeTowards(nodes: readonly PlacedNode[], from: PlacedNode, key: string): PlacedNode | undefined {
  const direction = directions[key];
  if (!direction) return undefined;
  const ahead = nodes.flatMap((node) => {
    const along = (node.x - from.x) * direction.x + (node.y - from.y) * direction.y;
    const across = Math.abs((node.x - from.x) * direction.y) + Math.abs((node.y - from.y) * direction.x);
    const reachable = along > 0.5 && (direction.x === 0 || node.layer === from.layer);
    return reachable ? [{ node, distance: along + across * 2 }] : [];
  });
  return ahead.sort((a, b) => a.distance - b.distance)[0]?.node;
}

/** Where the walk begins: the lowest, leftmost node. */
export function firstNode(nodes: readonly PlacedNode[]): PlacedNode | undefined {
  return [...nodes].sort((a, b) => b.y - a.y || a.x - b.x)[0];
}
