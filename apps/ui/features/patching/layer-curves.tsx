'use client';
/** The effect as a function of the layer, a line a chosen column: the mean over pairs and, as a band, their spread. */
import { countedAxis } from '@demur/charts';
import { useState } from 'react';
import { LineChart, type ChartLine } from '../../components/line-chart.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { columnWords } from './heat-map-view.ts';
import type { ColumnView, Grid } from './grid-view.ts';
import styles from './layer-curves.module.css';
import { measured, measureNames, type Measure } from './measure.ts';
import { useSpread, type PairBaselines } from './use-spread.ts';

interface LayerCurvesProps {
  experimentId: string;
  /** Grids of layers by positions, at least one. */
  grids: readonly Grid[];
  pairs: readonly PairBaselines[];
  columns: readonly ColumnView[];
  measure: Measure;
  /** In words, such as "logit difference". */
  metric: string;
  onRemove: (column: number) => void;
}

export function LayerCurves({ grids, columns, measure, onRemove, ...rest }: LayerCurvesProps) {
  const [chosen, setChosen] = useState(grids[0]?.activation ?? '');
  const grid = grids.find(({ activation }) => activation === chosen) ?? grids[0];
  if (!grid) return null;
  const names = Object.fromEntries(grids.map(({ activation }) => [activation, activation]));
  return (
    <section className={styles.section} aria-label="Layer curves">
      <header>
        <h2>By layer</h2>
        <Segmented label="Activation of the curves" choices={names} value={grid.activation} onChange={setChosen} />
      </header>
      <ul className={styles.lines}>
        {columns.map((column, i) => (
          <li key={column.index} data-line={i}>
            {columnWords(column)}
            <button type="button" onClick={() => onRemove(column.index)} aria-label={`Remove ${columnWords(column)}`}>
              ×
            </button>
          </li>
        ))}
        <li className={styles.hint}>
          Choose a column of a map to add or remove its line; the band is ± one standard deviation over pairs.
        </li>
      </ul>
      <Curves key={grid.activation} grid={grid} columns={columns} measure={measure} {...rest} />
    </section>
  );
}

type CurvesProps = Omit<LayerCurvesProps, 'grids' | 'onRemove'> & { grid: Grid };

function Curves({ experimentId, grid, pairs, columns, measure, metric }: CurvesProps) {
  const spreadOf = useSpread({ experimentId, activation: grid.activation, pairs });
  const { matrix, centre, source } = measured(grid, measure);
  const lines = columns.map((column): ChartLine => ({
    name: columnWords(column),
    values: matrix.map((row) => row?.[column.index] ?? null),
    spread: spreadOf(column.index, measure),
  }));
  return (
    <LineChart
      label={`${measureNames(metric)[measure]} of ${grid.activation} by layer`}
      axis={countedAxis('layer', matrix.length)}
      lines={lines}
      references={[centre, source]}
    />
  );
}
