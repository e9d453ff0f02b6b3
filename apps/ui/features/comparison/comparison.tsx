'use client';
/** What two circuits share: three numbers, and the edges of both and of each alone. */
import { countText, numberText } from '@demur/charts';
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import table from '../../components/data-table.module.css';
import { FactList } from '../../components/fact-list.tsx';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import study from '../../components/study.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { ComparisonDocument } from '../../graphql/graphql.ts';
import styles from './comparison.module.css';

export function Comparison({ a, b, top }: { a: string; b: string; top: number }) {
  const answer = useGraphqlQuery(ComparisonDocument, { a, b, top }, { keepPrevious: true });
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data) return <Loading what="the comparison" lines={8} />;
  const { jaccard, rankCorrelation, commonEdgeCount, shared, onlyInA, onlyInB } = answer.data.compareCircuits;
  const edges = shared.map(({ name, ...scores }) => ({ name, scores: [scores.a.score, scores.b.score] }));
  const alone = ({ name, score }: { name: string; score: number }) => ({ name, scores: [score] });
  return (
    <div className={study.study}>
      <FactList
        facts={[
          { name: 'Jaccard index', value: numberText(jaccard), hint: 'shared edges over those of either' },
          {
            name: 'Rank correlation',
            value: numberText(rankCorrelation),
            hint: `of the scores of all ${countText(commonEdgeCount)} edges that both graphs have`,
          },
        ]}
      />
      <div className={styles.columns}>
        <EdgeList title="In both" headings={['First', 'Second']} edges={edges} />
        <EdgeList title="In the first alone" headings={['Score']} edges={onlyInA.map(alone)} circuitId={a} />
        <EdgeList title="In the second alone" headings={['Score']} edges={onlyInB.map(alone)} circuitId={b} />
      </div>
    </div>
  );
}

interface EdgeListProps {
  title: string;
  /** Of the columns of scores. */
  headings: readonly string[];
  edges: readonly { name: string; scores: readonly number[] }[];
  /** The circuit that has them. */
  circuitId?: string;
}

function EdgeList({ title, headings, edges, circuitId }: EdgeListProps) {
  return (
    <section className={study.section} aria-label={title}>
      <header>
        <h2>
          {title}: {countText(edges.length)}
        </h2>
        {circuitId && <Link href={`/circuits/${circuitId}`}>its page</Link>}
      </header>
      {edges.length > 0 && (
        <div className={`${table.frame} ${styles.list}`}>
          <table className={table.table}>
            <TableHead columns={['Edge', ...headings.map(numbers)]} />
            <tbody>
              {edges.map(({ name, scores }) => (
                <tr key={name}>
                  <td>
                    <code>{name}</code>
                  </td>
                  {scores.map((score, i) => (
                    <td key={i} className={table.number}>
                      {numberText(score)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
