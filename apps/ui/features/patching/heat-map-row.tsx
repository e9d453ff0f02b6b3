/** One row of a heat map. It renders again only when its cells change or the focus enters or leaves it. */
import { memo } from 'react';
import type { HeatRow } from './heat-map-view.ts';
import styles from './heat-map.module.css';

interface HeatMapRowProps {
  row: HeatRow;
  index: number;
  focusColumn: number | undefined;
}

export const HeatMapRow = memo(function HeatMapRow({ row, index, focusColumn }: HeatMapRowProps) {
  return (
    <tr>
      <th scope="row">{row.text}</th>
      {row.cells.map((cell, column) => (
        <td
          key={column}
          role="gridcell"
          tabIndex={column === focusColumn ? 0 : -1}
          data-row={index}
          data-column={column}
          aria-label={cell.words}
          data-marked={cell.isMarked || undefined}
          className={cell.value === null ? styles.missing : undefined}
          style={{ backgroundColor: cell.colour }}
        />
      ))}
    </tr>
  );
});
