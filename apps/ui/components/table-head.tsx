/** The names of a table's columns. */
import styles from './data-table.module.css';

export interface TableColumn {
  name: string;
  /** Set against the right side, as the numbers below are. */
  isNumber?: boolean;
  /** For screen readers alone. */
  isHidden?: boolean;
}

/** A column of numbers. */
export const numbers = (name: string): TableColumn => ({ name, isNumber: true });

/** A column whose cells say by themselves what they are. */
export const unseen = (name: string): TableColumn => ({ name, isHidden: true });

export function TableHead({ columns }: { columns: readonly (string | TableColumn)[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column, i) => {
          const { name, isNumber, isHidden }: TableColumn = typeof column === 'string' ? { name: column } : column;
          return (
            <th key={i} scope="col" className={isNumber ? styles.number : undefined}>
              {isHidden ? <span className="visually-hidden">{name}</span> : name}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
