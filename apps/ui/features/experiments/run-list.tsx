'use client';
/** A list of experiments or of studies, a page at a time, newest first. What a row and an empty list say is the caller's. */
import type { ReactNode } from 'react';
import { useCursorPages, type PageEnd } from '../../client/use-cursor-pages.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { isFiltered } from '../../client/url-choice.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { pageLabel } from '../../components/page-label.ts';
import { PagedTable } from '../../components/paged-table.tsx';
import { numbers } from '../../components/table-head.tsx';
import type { TypedDocumentString } from '../../graphql/graphql.ts';
import { sentenceCase } from '../../components/sentence-case.ts';
import { isActive } from './kinds.ts';
import type { ListedRun } from './run.ts';

const pageSize = 20;

interface RunPage<Row> {
  nodes: readonly Row[];
  totalCount: number;
  pageInfo: PageEnd;
}

interface RunListProps<Answer, Filter extends object, Row extends ListedRun> {
  /** What a row is, such as `study`, and several. */
  one: string;
  many: string;
  document: TypedDocumentString<Answer, { first: number; after?: string | null; filter?: Filter | null }>;
  filter: Filter;
  pageOf: (answer: Answer) => RunPage<Row>;
  /** A `RunRow`. */
  row: (row: Row) => ReactNode;
  /** Shown where there is none at all. */
  nothingYet: ReactNode;
}

export function RunList<Answer, Filter extends object, Row extends ListedRun>(
  props: RunListProps<Answer, Filter, Row>,
) {
  const { one, many, document, filter, pageOf, row, nothingYet } = props;
  const { after, page, next, previous } = useCursorPages();
  const list = useGraphqlQuery(
    document,
    { first: pageSize, after, filter },
    { keepPrevious: true, pollWhile: (answer) => pageOf(answer).nodes.some(({ status }) => isActive(status)) },
  );
  if (list.error) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading what={many} lines={8} />;
  const { nodes, totalCount, pageInfo } = pageOf(list.data);
  if (nodes.length === 0) return isFiltered(filter) ? <NoMatch what={one} /> : nothingYet;
  return (
    <PagedTable
      columns={[sentenceCase(one), 'Model', 'Data set', 'Status', 'Created', numbers('Took')]}
      isStale={list.isPlaceholderData}
      label={pageLabel(page, { size: pageSize, shown: nodes.length, total: totalCount, what: many })}
      previous={previous}
      next={next(pageInfo)}
    >
      {nodes.map(row)}
    </PagedTable>
  );
}

/** The way back to the whole list: all that such an address holds is its filter and its page. */
function NoMatch({ what }: { what: string }) {
  const { params, change } = useUrlState();
  const clear = (): void => change(Object.fromEntries([...params.keys()].map((name) => [name, null])));
  return (
    <EmptyState title={`No ${what} passes this filter`}>
      <button type="button" onClick={clear}>
        Show all
      </button>
    </EmptyState>
  );
}
