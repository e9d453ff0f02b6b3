/** The numbers of a heat map as a plain table, for those who read rather than look, and for copying. */
import { numberText } from '@demur/charts';
import { columnWords, type HeatMapView } from './heat-map-view.ts';
import styles from './heat-map.module.css';

/** Enough to tell float32 values of like size apart, few enough to be read. */
const digits = 5;

export function NumberTable({ label, view }: { label: string; view: HeatMapView }) {
  return (
    <table className={styles.numbers} aria-label={label}>
      <thead>
        <tr>
          <td />
          {view.columns.map((column) => (
            <th key={column.index} scope="col">
              {columnWords(column).replace('position ', '')}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {view.rows.map((row) => (
          <tr key={row.index}>
            <th scope="row">{row.text}</th>
            {row.cells.map((cell, column) => (
              <td key={column}>{numberText(cell.value, digits)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
