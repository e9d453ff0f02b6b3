/** A table of a report: names and numbers. */
import { cellText, isNumberColumn, isProseColumn, type Cell } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyTableFragmentDoc } from '../../graphql/graphql.ts';
import styles from './study-report.module.css';

interface ReportTableProps {
  table: FragmentType<typeof StudyTableFragmentDoc>;
  /** Shows its title, where nothing around it does. */
  hasTitle?: boolean;
}

export function ReportTable({ table: given, hasTitle = false }: ReportTableProps) {
  const { title, columns, rows: cells } = readFragment(StudyTableFragmentDoc, given);
  /** The server gives texts, numbers and null. */
  const rows = cells.map((row) => (row ?? []) as Cell[]);
  const isNumber = columns.map((_, column) => isNumberColumn(rows, column));
  const words = columns.map((_, column) => (isProseColumn(rows, column) ? styles.prose : styles.words));
  return (
    <div className={styles.table}>
      {hasTitle && <h3>{title}</h3>}
      <div className={table.frame} role="region" aria-label={title} tabIndex={0}>
        <table className={table.table} aria-label={title}>
          <TableHead columns={columns.map((name, column) => (isNumber[column] ? numbers(name) : name))} />
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row.map((value, column) => (
                  <td key={column} className={isNumber[column] ? table.number : words[column]}>
                    {cellText(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
