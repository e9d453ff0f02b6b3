'use client';
/** The list of studies, a page at a time, newest first. */
import Link from 'next/link';
import { useCursorPages } from '../../client/use-cursor-pages.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { isFiltered } from '../../client/url-choice.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { pageLabel } from '../../components/page-label.ts';
import { PagedTable } from '../../components/paged-table.tsx';
import { numbers } from '../../components/table-head.tsx';
import { StudyListDocument } from '../../graphql/graphql.ts';
import { isActive } from '../experiments/kinds.ts';
import { studyFilter } from './study-filter.ts';
import { StudyRow } from './study-row.tsx';

const pageSize = 20;

export function StudyList() {
  const { params, change } = useUrlState();
  const { after, page, next, previous } = useCursorPages();
  const filter = studyFilter(params);
  const list = useGraphqlQuery(
    StudyListDocument,
    { first: pageSize, after, filter },
    { keepPrevious: true, pollWhile: ({ studies }) => studies.nodes.some(({ status }) => isActive(status)) },
  );
  if (list.error) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading what="studies" lines={6} />;
  const { nodes, totalCount, pageInfo } = list.data.studies;
  if (nodes.length === 0)
    return isFiltered(filter) ? (
      <NoMatch clear={() => change({ name: null, status: null, model: null, after: null, page: null })} />
    ) : (
      <NothingYet />
    );
  return (
    <PagedTable
      columns={['Study', 'Model', 'Data set', 'Status', 'Created', numbers('Took')]}
      isStale={list.isPlaceholderData}
      label={pageLabel(page, { size: pageSize, shown: nodes.length, total: totalCount, what: 'studies' })}
      previous={previous}
      next={next(pageInfo)}
    >
      {nodes.map((node) => (
        <StudyRow key={node.id} study={node} />
      ))}
    </PagedTable>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <EmptyState title="No study passes this filter">
      <button type="button" onClick={clear}>
        Show all
      </button>
    </EmptyState>
  );
}

function NothingYet() {
  return (
    <EmptyState title="No study has been asked for yet">
      <p>
        A study asks one question about refusal, runs the experiments that answer it, and writes a report from their
        numbers. <em>By layer and token</em> takes seconds on a small model.
      </p>
      <Link href="/studies/new" className="button primary">
        Start the first study
      </Link>
    </EmptyState>
  );
}
