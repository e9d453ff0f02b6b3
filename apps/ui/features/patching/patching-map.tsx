'use client';
/** One activation's grid: its heat map with the cell in words, its legend, or its numbers as a table. */
import { numberText } from '@demur/charts';
import { useMemo, useState } from 'react';
import { DivergingLegend } from '../../components/diverging-legend.tsx';
import type { GridCell } from './grid-focus.ts';
import { columnViews, rowViews, strongestRows, type Grid, type PromptPair } from './grid-view.ts';
import { HeatMap } from './heat-map.tsx';
import styles from './heat-map.module.css';
import { columnWords, heatMapView, type HeatMapView } from './heat-map-view.ts';
import { measured, measureNames, type Measure } from './measure.ts';
import { NumberTable } from './number-table.tsx';

export interface PatchingMapProps {
  grid: Grid;
  pairs: readonly PromptPair[];
  measure: Measure;
  /** In words, such as "logit difference". */
  metric: string;
  extent: number;
  expanded: boolean;
  asTable: boolean;
  selected: readonly number[];
  onSelect: ((column: number) => void) | undefined;
  onUnfold: () => void;
}

/** A grid of single heads may have a thousand rows; this many of the strongest are drawn. */
const mostRows = 64;

const axisNames = { LAYER: 'layer', HEAD: 'head', POSITION: 'position' } as const;

export function PatchingMap({ grid, pairs, measure, metric, extent, expanded, asTable, ...choice }: PatchingMapProps) {
  const [cell, setCell] = useState<GridCell>();
  const numbers = useMemo(() => measured(grid, measure), [grid, measure]);
  const view = useMemo(() => {
    const rows = strongestRows(rowViews(grid), numbers.matrix, { count: mostRows, centre: numbers.centre });
    return heatMapView({ rows, columns: columnViews(grid, pairs, expanded), grid: numbers, extent });
  }, [grid, pairs, expanded, numbers, extent]);
  const { centre, source } = numbers;
  const away = source < centre ? extent : -extent;
  const from = grid.direction === 'noising' ? 'corrupted' : 'clean';
  const label = `${grid.activation}: ${measureNames(metric)[measure]} by ${axisNames[grid.rows.kind]} and ${axisNames[grid.columns.kind]}`;
  return (
    <figure className={styles.figure}>
      <figcaption>
        <h3>{grid.activation}</h3>
        <span className={styles.axis}>
          {axisNames[grid.rows.kind]} × {axisNames[grid.columns.kind]}
          {view.rows.length < grid.rows.labels.length &&
            `, the ${mostRows} strongest of ${grid.rows.labels.length} rows`}
        </span>
      </figcaption>
      {asTable ? (
        <div className={styles.scroll}>
          <NumberTable label={label} view={view} />
        </div>
      ) : (
        <>
          <Readout view={view} cell={cell} name={measure === 'raw' ? metric : 'refusal score'} />
          <div className={styles.scroll}>
            <HeatMap corner={axisNames[grid.rows.kind]} label={label} view={view} onHover={setCell} {...choice} />
          </div>
          <DivergingLegend
            low={centre + away}
            centre={centre}
            high={centre - away}
            lowWords={`away from ${from}`}
            centreWords="nothing changed"
            highWords={`towards ${from}`}
          />
        </>
      )}
    </figure>
  );
}

function Readout({ view, cell, name }: { view: HeatMapView; cell: GridCell | undefined; name: string }) {
  const row = cell && view.rows[cell.row];
  const column = cell && view.columns[cell.column];
  if (!row || !column) return <p className={styles.readout}>Point at a cell, or walk with the arrow keys.</p>;
  return (
    <p className={styles.readout}>
      {row.text}, {columnWords(column)}
      <br />
      {name} <strong>{numberText(row.cells[cell.column]?.value)}</strong>
    </p>
  );
}
