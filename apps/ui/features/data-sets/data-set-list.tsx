'use client';
/** All data sets with their pairs, those that come with demur last. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { DataSetListDocument } from '../../graphql/graphql.ts';
import styles from './data-set-card.module.css';
import { DataSetCard } from './data-set-card.tsx';

export function DataSetList() {
  const list = useGraphqlQuery(DataSetListDocument, {});
  if (list.error) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading what="data sets" />;
  const { dataSets } = list.data;
  return (
    <div className={styles.list}>
      {dataSets.every(({ builtIn }) => builtIn) && <NoOwnDataSet />}
      {dataSets.map((dataSet) => (
        <DataSetCard key={dataSet.id} dataSet={dataSet} />
      ))}
    </div>
  );
}

function NoOwnDataSet() {
  return (
    <EmptyState title="There is no data set of your own yet">
      <p>
        Create one with <code>createDataSet</code> through <a href="/graphql">GraphQL</a>, or give the pairs in the
        specification of an experiment. Those below come with demur.
      </p>
    </EmptyState>
  );
}
