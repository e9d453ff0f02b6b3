/** Where the focus of a grid goes when a key is pressed. Rows count from the top. */

export interface GridCell {
  row: number;
  column: number;
}

export interface GridSize {
  rows: number;
  columns: number;
}

type Move = (cell: GridCell, size: GridSize) => GridCell;

const pageRows = 5;

const moves: Record<string, Move> = {
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  PageUp: ({ row, column }) => ({ row: row - pageRows, column }),
  PageDown: ({ row, column }) => ({ row: row + pageRows, column }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }, { columns }) => ({ row, column: columns - 1 }),
  'Ctrl+Home': () => ({ row: 0, column: 0 }),
  'Ctrl+End': (_, { rows, columns }) => ({ row: rows - 1, column: columns - 1 }),
};

const clamp = (value: number, size: number): number => Math.max(0, Math.min(size - 1, value));

/** The cell after the key, kept inside the grid; undefined for a key that moves nothing. */
export function moveFocus(key: string, from: GridCell, size: GridSize): GridCell | undefined {
  const to = moves[key]?.(from, size);
  return to && { row: clamp(to.row, size.rows), column: clamp(to.column, size.columns) };
}
