/** The curve of an edge, its width and its weight on the page. */
import type { Port } from '../../graphql/graphql.ts';

export interface Point {
  x: number;
  y: number;
}

/** Half of a node's height: edges leave at the top and arrive at the bottom. */
export const nodeHalf = { width: 12, height: 8 };

/** A head reads its query left, its key in the middle, its value right. */
const portShift: Record<Port, number> = { Q: -7, K: 0, V: 7, IN: 0 };

/** Farthest that an arc between two nodes of one column goes aside. */
export const widestArc = 110;

/** SVG path of a cubic curve that leaves upwards and arrives from below; within a column it goes around the nodes between. */
export function edgePath(from: Point, to: Point, port: Port): string {
  if (Math.abs(from.x - to.x) < 1) return arcPath(from, to);
  const start = { x: from.x, y: from.y - nodeHalf.height };
  const end = { x: to.x + portShift[port], y: to.y + nodeHalf.height };
  const pull = Math.max(14, Math.abs(start.y - end.y) * 0.45);
  return `M${at(start.x)} ${at(start.y)}C${at(start.x)} ${at(start.y - pull)} ${at(end.x)} ${at(end.y + pull)} ${at(end.x)} ${at(end.y)}`;
}

/** Leaves and arrives at the right side; a longer edge swings out farther. */
function arcPath(from: Point, to: Point): string {
  const x = from.x + nodeHalf.width;
  const aside = Math.min(widestArc, 12 + Math.abs(from.y - to.y) * 0.3) * (4 / 3);
  return `M${at(x)} ${at(from.y)}C${at(x + aside)} ${at(from.y)} ${at(x + aside)} ${at(to.y)} ${at(x)} ${at(to.y)}`;
}

/** Stroke width of a score, against the strongest shown. */
export function edgeWidth(score: number, strongest: number): number {
  return at(0.8 + 4.7 * share(score, strongest));
}

export function edgeOpacity(score: number, strongest: number): number {
  return at(0.28 + 0.62 * Math.sqrt(share(score, strongest)));
}

const share = (score: number, strongest: number): number =>
  strongest > 0 ? Math.min(1, Math.abs(score) / strongest) : 0;

const at = (value: number): number => Math.round(value * 100) / 100;
