'use client';
/** The list of experiments, a page at a time, newest first. */
import Link from 'next/link';
import { useCursorPages } from '../../client/use-cursor-pages.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { isFiltered } from '../../client/url-choice.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { pageLabel } from '../../components/page-label.ts';
import { PagedTable } from '../../components/paged-table.tsx';
import { numbers } from '../../components/table-head.tsx';
import { ExperimentListDocument } from '../../graphql/graphql.ts';
import { experimentFilter } from './experiment-filter.ts';
import { ExperimentRow } from './experiment-row.tsx';
import { isActive } from './kinds.ts';

const pageSize = 20;

export function ExperimentList() {
  const { params, change } = useUrlState();
  const { after, page, next, previous } = useCursorPages();
  const filter = experimentFilter(params);
  const list = useGraphqlQuery(
    ExperimentListDocument,
    { first: pageSize, after, filter },
    { keepPrevious: true, pollWhile: ({ experiments }) => experiments.nodes.some(({ status }) => isActive(status)) },
  );
  if (list.error) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading what="experiments" lines={8} />;
  const { nodes, totalCount, pageInfo } = list.data.experiments;
  if (nodes.length === 0)
    return isFiltered(filter) ? (
      <NoMatch clear={() => change({ kind: null, status: null, model: null, after: null, page: null })} />
    ) : (
      <NothingYet />
    );
  const label = pageLabel(page, { size: pageSize, shown: nodes.length, total: totalCount, what: 'experiments' });
  return (
    <PagedTable
      columns={['Experiment', 'Model', 'Data set', 'Status', 'Created', numbers('Took')]}
      isStale={list.isPlaceholderData}
      label={label}
      previous={previous}
      next={next(pageInfo)}
    >
      {nodes.map((node) => (
        <ExperimentRow key={node.id} experiment={node} />
      ))}
    </PagedTable>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <EmptyState title="No experiment passes this filter">
      <button type="button" onClick={clear}>
        Show all
      </button>
    </EmptyState>
  );
}

function NothingYet() {
  return (
    <EmptyState title="Nothing has run yet">
      <p>
        A good first experiment: patch the residual stream of a harmful prompt into its harmless twin, layer by layer
        and token by token, and see where the model decides to refuse.
      </p>
      <Link href="/experiments/new" className="button primary">
        Set up the first experiment
      </Link>
      <p>
        Or <Link href="/studies/new">start a study</Link>: a few experiments with a report of what they found.
      </p>
    </EmptyState>
  );
}
