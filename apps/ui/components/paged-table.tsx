/** A list, a page at a time: on narrow screens each row is a card, its first and its fourth cell on top. */
import type { ReactNode } from 'react';
import table from './data-table.module.css';
import { Pager } from './pager.tsx';
import styles from './paged-table.module.css';
import { TableHead, type TableColumn } from './table-head.tsx';

interface PagedTableProps {
  columns: readonly (string | TableColumn)[];
  /** The rows are of an earlier question, until the answer comes. */
  isStale: boolean;
  /** Which rows these are, such as `21–40 of 57 experiments`. */
  label: string;
  previous: (() => void) | undefined;
  next: (() => void) | undefined;
  /** Rows of as many cells as there are columns. */
  children: ReactNode;
}

export function PagedTable({ columns, isStale, label, previous, next, children }: PagedTableProps) {
  return (
    <>
      <div className={`${table.frame} ${isStale ? table.stale : ''}`}>
        <table className={`${table.table} ${styles.list}`}>
          <TableHead columns={columns} />
          <tbody>{children}</tbody>
        </table>
      </div>
      <Pager label={label} previous={previous} next={next} />
    </>
  );
}
