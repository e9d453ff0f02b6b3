/** A table of a report: names and numbers. */
import { cellText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyTableFragmentDoc } from '../../graphql/graphql.ts';
import styles from './study-report.module.css';

interface ReportTableProps {
  table: FragmentType<typeof StudyTableFragmentDoc>;
  /** Shows its title, where nothing around it does. */
  hasTitle?: boolean;
}

export function ReportTable({ table: given, hasTitle = false }: ReportTableProps) {
  const { title, columns, rows } = readFragment(StudyTableFragmentDoc, given);
  return (
    <div className={styles.table}>
      {hasTitle && <h3>{title}</h3>}
      <div className={table.frame} role="region" aria-label={title} tabIndex={0}>
        <table className={table.table} aria-label={title}>
          <TableHead columns={columns} />
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row?.map((value, column) => (
                  <td key={column} className={typeof value === 'string' ? undefined : table.number}>
                    {typeof value === 'number' ? cellText(value) : ((value as string | null) ?? '–')}
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
