/**
 * The columns of a heat map over positions. Before the first difference both prompts are the same, so patching there
 * changes nothing: those columns are folded into one until the reader opens them.
 */

export type AxisColumn =
  { kind: 'position'; position: number; shared: boolean } | { kind: 'prefix'; from: number; to: number };

export interface PositionAxisOptions {
  positions: number;
  /** The first position at which any pair differs. */
  firstDifference: number;
  expanded: boolean;
}

/** A prefix of one or two positions is not worth folding. */
const shortestFold = 3;

export function canFold({ positions, firstDifference }: Omit<PositionAxisOptions, 'expanded'>): boolean {
  return firstDifference >= shortestFold && firstDifference < positions;
}

/** Columns from left to right; `from` and `to` are both inside the fold. */
export function positionAxis(options: PositionAxisOptions): AxisColumn[] {
  const { positions, firstDifference, expanded } = options;
  const folded = !expanded && canFold(options) ? firstDifference : 0;
  const single = Array.from({ length: positions - folded }, (_, i): AxisColumn => {
    const position = folded + i;
    return { kind: 'position', position, shared: position < firstDifference };
  });
  return folded === 0 ? single : [{ kind: 'prefix', from: 0, to: folded - 1 }, ...single];
}
