'use client';
/** A heat map as a grid that can be walked by keyboard: one cell takes the focus, arrow keys move it. */
import { useRef, useState, type FocusEvent, type KeyboardEvent, type MouseEvent } from 'react';
import { moveFocus, type GridCell } from './grid-focus.ts';
import { HeatMapColumns } from './heat-map-columns.tsx';
import { HeatMapRow } from './heat-map-row.tsx';
import styles from './heat-map.module.css';
import type { HeatMapView } from './heat-map-view.ts';

interface HeatMapProps {
  label: string;
  /** What the rows count. */
  corner: string;
  view: HeatMapView;
  selected: readonly number[];
  /** Index of a grid's column. */
  onSelect: ((column: number) => void) | undefined;
  onUnfold: () => void;
  onHover: (cell: GridCell | undefined) => void;
}

export function HeatMap({ label, corner, view, selected, onSelect, onUnfold, onHover }: HeatMapProps) {
  const table = useRef<HTMLTableElement>(null);
  const [focus, setFocus] = useState<GridCell>({ row: 0, column: 0 });
  const size = { rows: view.rows.length, columns: view.columns.length };
  const here = { row: Math.min(focus.row, size.rows - 1), column: Math.min(focus.column, size.columns - 1) };

  const choose = (column: number): void => {
    const chosen = view.columns[column];
    if (chosen && chosen.index !== chosen.to) onUnfold();
    else if (chosen) onSelect?.(chosen.index);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLTableCellElement && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      choose(here.column);
    }
    const to = moveFocus(event.ctrlKey ? `Ctrl+${event.key}` : event.key, here, size);
    if (!to) return;
    event.preventDefault();
    cellElement(table.current, to)?.focus();
  };
  const onFocus = (event: FocusEvent): void => {
    const cell = cellOf(event.target);
    if (cell) setFocus(cell);
    onHover(cell);
  };
  const onClick = (event: MouseEvent): void => {
    const cell = cellOf(event.target);
    if (cell) choose(cell.column);
  };
  return (
    <table
      ref={table}
      role="grid"
      aria-label={label}
      className={styles.map}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onBlur={() => onHover(undefined)}
      onClick={onClick}
      onMouseOver={(event) => onHover(cellOf(event.target))}
      onMouseLeave={() => onHover(undefined)}
    >
      <HeatMapColumns corner={corner} view={view} selected={selected} onChoose={choose} />
      <tbody>
        {view.rows.map((row, index) => (
          <HeatMapRow
            key={row.index}
            row={row}
            index={index}
            focusColumn={index === here.row ? here.column : undefined}
          />
        ))}
      </tbody>
    </table>
  );
}

function cellOf(target: EventTarget): GridCell | undefined {
  const { row, column } = (target as HTMLElement).dataset;
  return row === undefined || column === undefined ? undefined : { row: Number(row), column: Number(column) };
}

const cellElement = (table: HTMLElement | null, { row, column }: GridCell): HTMLElement | null =>
  table?.querySelector(`[data-row="${row}"][data-column="${column}"]`) ?? null;
