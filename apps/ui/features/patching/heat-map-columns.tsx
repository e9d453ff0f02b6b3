/** The column heads of a heat map: the prompt's tokens, standing on end; where the two prompts differ, both. */
import type { ColumnView } from './grid-view.ts';
import type { HeatMapView } from './heat-map-view.ts';
import styles from './heat-map.module.css';

interface HeatMapColumnsProps {
  /** What the rows count. */
  corner: string;
  view: HeatMapView;
  selected: readonly number[];
  onChoose: (column: number) => void;
}

export function HeatMapColumns({ corner, view, selected, onChoose }: HeatMapColumnsProps) {
  return (
    <thead>
      <tr>
        <th scope="col">{corner}</th>
        {view.columns.map((column, at) => (
          <th
            key={column.index}
            scope="col"
            aria-selected={selected.includes(column.index)}
            className={headClass(column)}
          >
            <button
              type="button"
              tabIndex={column.index === column.to ? -1 : 0}
              onClick={() => onChoose(at)}
              title={headTitle(column)}
            >
              <ColumnText column={column} />
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function ColumnText({ column }: { column: ColumnView }) {
  if (column.other === undefined) return <span className={styles.token}>{column.text}</span>;
  return (
    <>
      <span className={styles.token}>{column.text}</span>
      <span className={styles.otherToken}>{column.other}</span>
    </>
  );
}

const headClass = (column: ColumnView): string | undefined => {
  if (column.index !== column.to) return styles.fold;
  return column.other === undefined ? undefined : styles.differs;
};

function headTitle({ index, to, text, other }: ColumnView): string {
  if (index !== to) return `Positions ${index} to ${to} are the same in both prompts. Show them.`;
  return other === undefined ? text : `${text} in the clean prompt, ${other} in the corrupted one`;
}
