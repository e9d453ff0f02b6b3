/** The single checks: what each says, what it has measured, and what was allowed. */
import { numberText } from '@demur/charts';
import tableStyles from '../../components/data-table.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import type { ModelCheckFragment } from '../../graphql/graphql.ts';
import styles from './model-checks.module.css';

type Result = ModelCheckFragment['results'][number];

const words: Record<Result['status'], string> = { PASSED: 'passed', FAILED: 'failed', SKIPPED: 'skipped' };

export function ModelCheckTable({ results }: { results: readonly Result[] }) {
  return (
    <div className={tableStyles.frame}>
      <table className={tableStyles.table}>
        <TableHead columns={['Check', 'Outcome', numbers('Measured'), numbers('Allowed'), 'What it says']} />
        <tbody>
          {results.map((result) => (
            <ResultRow key={result.name} {...result} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ResultRow({ name, status, measured, tolerance, says, detail }: Result) {
  return (
    <tr>
      <td>
        <code>{name}</code>
      </td>
      <td>
        <span className={styles.outcome} data-outcome={words[status]}>
          {words[status]}
        </span>
      </td>
      <td className={tableStyles.number}>{status === 'SKIPPED' ? '' : numberText(measured, 2)}</td>
      <td className={tableStyles.number}>{status === 'SKIPPED' ? '' : numberText(tolerance, 2)}</td>
      <td>
        {says}
        {status !== 'PASSED' && <span className={styles.quiet}> {detail}</span>}
      </td>
    </tr>
  );
}
