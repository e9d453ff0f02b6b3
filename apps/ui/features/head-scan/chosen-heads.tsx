/** The chosen heads, strongest first. */
import { numberText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import study from '../../components/study.module.css';
import { numbers, TableHead, unseen } from '../../components/table-head.tsx';
import edges from '../circuits/edge-table.module.css';
import { StrengthCell } from '../circuits/strength-cell.tsx';
import type { Scan } from './head-scan-study.tsx';

export function ChosenHeads({ heads }: Pick<Scan, 'heads'>) {
  const strongest = Math.max(...heads.map(({ score }) => Math.abs(score)), Number.MIN_VALUE);
  if (heads.length === 0) return <p>No head’s score is over the threshold.</p>;
  return (
    <section className={study.section} aria-label="Chosen heads">
      <h2>
        {heads.length} chosen {heads.length === 1 ? 'head' : 'heads'}
      </h2>
      <div className={table.frame}>
        <table className={`${table.table} ${edges.edges}`}>
          <TableHead columns={[numbers('Rank'), 'Head', numbers('Score'), unseen('Strength')]} />
          <tbody>
            {heads.map(({ name, score }, i) => (
              <tr key={name}>
                <td className={table.number}>{i + 1}</td>
                <td>
                  <code>{name}</code>
                </td>
                <td className={table.number}>{numberText(score)}</td>
                <StrengthCell value={score} strongest={strongest} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
