/** The scores of some edges against what patching them does, as a scatter and in three numbers. */
import { numberText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { ScatterChart } from '../../components/scatter-chart.tsx';
import study from '../../components/study.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { AgreementFragmentDoc, ExactCheckFragmentDoc } from '../../graphql/graphql.ts';

/** In the order of the scatter's groups. */
const groups = { top: 'the strongest', random: 'random others', all: 'all of them' } as const;

export function ExactCheckCard({ check }: { check: FragmentType<typeof ExactCheckFragmentDoc> }) {
  const { edges, ...agreements } = readFragment(ExactCheckFragmentDoc, check);
  const points = edges.map(({ name, score, exact, isTop }) => ({ name, x: score, y: exact, group: isTop ? 0 : 1 }));
  return (
    <section className={`${study.section} ${study.card}`} aria-label="Exact check">
      <h2>Scores against exact patching</h2>
      <ul className={study.key}>
        <li data-line={0}>the strongest edges</li>
        <li data-line={1}>random others</li>
      </ul>
      <ScatterChart
        label={`Score and exact effect of ${edges.length} edges`}
        points={points}
        xName="score"
        yName="exact effect"
      />
      <div className={table.frame}>
        <table className={table.table}>
          <TableHead columns={['Edges', numbers('Pearson'), numbers('Spearman'), numbers('Same sign')]} />
          <tbody>
            {(Object.keys(groups) as (keyof typeof groups)[]).map((group) => (
              <AgreementRow key={group} name={groups[group]} agreement={agreements[group]} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function AgreementRow({ name, agreement }: { name: string; agreement: FragmentType<typeof AgreementFragmentDoc> }) {
  const { pearson, spearman, signs } = readFragment(AgreementFragmentDoc, agreement);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={table.number}>{numberText(pearson)}</td>
      <td className={table.number}>{numberText(spearman)}</td>
      <td className={table.number}>
        {signs === null || signs === undefined ? 'none' : `${Math.round(signs * 100)} %`}
      </td>
    </tr>
  );
}
