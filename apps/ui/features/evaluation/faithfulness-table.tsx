/** The circuits of an evaluation, a row each. */
import { countText, numberText, shareText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { sentenceCase } from '../../components/sentence-case.ts';
import { numbers, TableHead } from '../../components/table-head.tsx';
import type { Curve } from './faithfulness-study.tsx';

export function FaithfulnessTable({ points, metric }: { points: Curve['points']; metric: string }) {
  const isComplete = points.some(({ completeness }) => completeness !== null);
  return (
    <div className={table.frame}>
      <table className={table.table} aria-label="Circuits by size">
        <TableHead
          columns={[
            'Edges',
            'Share',
            sentenceCase(metric),
            'Faithfulness',
            ...(isComplete ? ['Of all other edges'] : []),
          ].map(numbers)}
        />
        <tbody>
          {points.map(({ edges, share, metric: value, faithfulness, completeness }) => (
            <tr key={edges}>
              <td className={table.number}>{countText(edges)}</td>
              <td className={table.number}>{shareText(share)}</td>
              <td className={table.number}>{numberText(value)}</td>
              <td className={table.number}>{numberText(faithfulness)}</td>
              {isComplete && <td className={table.number}>{numberText(completeness)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
