'use client';
/** The score of every head, layers by heads; the chosen ones are set off. */
import { symmetricExtent } from '@demur/charts';
import { useMemo, useState } from 'react';
import { DivergingLegend } from '../../components/diverging-legend.tsx';
import type { GridCell } from '../patching/grid-focus.ts';
import { HeatMap } from '../patching/heat-map.tsx';
import styles from '../patching/heat-map.module.css';
import { heatMapView, type HeatMapView } from '../patching/heat-map-view.ts';
import type { Scan } from './head-scan-study.tsx';

export function HeadMap({ scan }: { scan: Scan }) {
  const [cell, setCell] = useState<GridCell>();
  const extent = symmetricExtent(scan.scores.flatMap((row) => row ?? []));
  const view = useMemo(() => headView(scan, extent), [scan, extent]);
  const shown = cell && view.rows[cell.row]?.cells[cell.column];
  const from = scan.direction === 'noising' ? 'corrupted' : 'clean';
  return (
    <figure className={styles.figure}>
      <figcaption>
        <h2>Refusal score of every head</h2>
        <span className={styles.axis}>layer × head; a frame marks the chosen ones</span>
      </figcaption>
      <p className={styles.readout}>{shown ? shown.words : 'Point at a cell, or walk with the arrow keys.'}</p>
      <div className={styles.scroll}>
        <HeatMap
          corner="layer"
          label="Refusal score by layer and head"
          view={view}
          selected={[]}
          onSelect={undefined}
          onUnfold={() => undefined}
          onHover={setCell}
        />
      </div>
      <DivergingLegend
        low={-extent}
        centre={0}
        high={extent}
        lowWords={`away from ${from}`}
        centreWords="nothing changed"
        highWords={`towards ${from}`}
      />
    </figure>
  );
}

/** The last layer on top, as in a stack. */
function headView({ scores, heads }: Scan, extent: number): HeatMapView {
  const names = new Set(heads.map(({ name }) => name));
  const count = Math.max(0, ...scores.map((row) => row?.length ?? 0));
  return heatMapView({
    rows: scores.map((_, index) => ({ index, text: `L${index}` })).reverse(),
    columns: Array.from({ length: count }, (_, index) => ({ index, to: index, text: `h${index}` })),
    grid: { matrix: scores, centre: 0, source: 1 },
    extent,
    marked: { word: 'chosen', has: (layer, head) => names.has(`a${layer}.h${head}`) },
  });
}
