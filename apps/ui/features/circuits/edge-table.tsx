'use client';
/** The edges as a table, a page at a time, in the order that the reader chose. */
import { useCursorPages } from '../../client/use-cursor-pages.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import table from '../../components/data-table.module.css';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { pageLabel } from '../../components/page-label.ts';
import { Pager } from '../../components/pager.tsx';
import { EdgePageDocument, type EdgeFilter, type EdgeOrder } from '../../graphql/graphql.ts';
import { EdgeRows } from './edge-rows.tsx';
import styles from './edge-table.module.css';

const pageSize = 25;

const orders: Record<EdgeOrder, string> = {
  ABSOLUTE_SCORE_DESC: 'strongest first',
  SCORE_ASC: 'most negative first',
  SCORE_DESC: 'most positive first',
};

const orderFrom = (text: string | null): EdgeOrder =>
  text !== null && Object.hasOwn(orders, text) ? (text as EdgeOrder) : 'ABSOLUTE_SCORE_DESC';

interface EdgeTableProps {
  circuitId: string;
  filter: EdgeFilter;
  onSelect: (node: string) => void;
}

export function EdgeTable({ circuitId, filter, onSelect }: EdgeTableProps) {
  const { params, change } = useUrlState();
  const { after, page, next, previous } = useCursorPages();
  const orderBy = orderFrom(params.get('order'));
  const variables = { id: circuitId, first: pageSize, after, filter, orderBy };
  const answer = useGraphqlQuery(EdgePageDocument, variables, { keepPrevious: true });
  const found = answer.data?.circuit?.edges;
  const label =
    found && pageLabel(page, { size: pageSize, shown: found.nodes.length, total: found.totalCount, what: 'edges' });
  return (
    <section className={styles.section} aria-label="Edges">
      <header>
        <h2>Edges</h2>
        <select
          aria-label="Order"
          value={orderBy}
          onChange={(event) => change({ order: event.target.value, after: null, page: null })}
        >
          {Object.entries(orders).map(([order, words]) => (
            <option key={order} value={order}>
              {words}
            </option>
          ))}
        </select>
      </header>
      {answer.error && <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />}
      {!answer.error && !found && <Loading what="edges" />}
      {found && (
        <>
          <div className={`${table.frame} ${answer.isPlaceholderData ? table.stale : ''}`}>
            <EdgeRows edges={found.nodes} onSelect={onSelect} />
          </div>
          <Pager label={label ?? ''} previous={previous} next={next(found.pageInfo)} />
        </>
      )}
    </section>
  );
}
