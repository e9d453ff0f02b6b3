'use client';
/** The exact effects of an edge patching as a table, a page at a time, in the order that the reader chose. */
import { useCursorPages } from '../../client/use-cursor-pages.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import table from '../../components/data-table.module.css';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { pageLabel } from '../../components/page-label.ts';
import { Pager } from '../../components/pager.tsx';
import study from '../../components/study.module.css';
import { EdgeEffectsDocument, type EdgeEffectOrder } from '../../graphql/graphql.ts';
import { EffectRows } from './effect-rows.tsx';

const pageSize = 50;

const orders: Record<EdgeEffectOrder, string> = {
  ABSOLUTE_EFFECT_DESC: 'strongest first',
  EFFECT_ASC: 'most negative first',
  EFFECT_DESC: 'most positive first',
  SPEC: 'as the specification lists them',
};

const orderFrom = (text: string | null): EdgeEffectOrder =>
  text !== null && Object.hasOwn(orders, text) ? (text as EdgeEffectOrder) : 'ABSOLUTE_EFFECT_DESC';

export function EdgeEffects({ experimentId }: { experimentId: string }) {
  const { params, change } = useUrlState();
  const { after, page, next, previous } = useCursorPages();
  const orderBy = orderFrom(params.get('order'));
  const variables = { id: experimentId, first: pageSize, after, orderBy };
  const answer = useGraphqlQuery(EdgeEffectsDocument, variables, { keepPrevious: true });
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data?.experiment) return <Loading what="the effects" lines={8} />;
  const { metric, edgeEffects: found } = answer.data.experiment;
  if (!found) return <EmptyState title="No effects">This experiment has kept none.</EmptyState>;
  const label = pageLabel(page, { size: pageSize, shown: found.nodes.length, total: found.totalCount, what: 'edges' });
  return (
    <section className={study.section} aria-label="Effects">
      <p>
        Each edge was corrupted alone. Its effect is the {metric} then, less the clean run’s: negative where the edge
        speaks for the answer.
      </p>
      <header>
        <h2>Effects of the edges</h2>
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
      <div className={`${table.frame} ${answer.isPlaceholderData ? table.stale : ''}`}>
        <EffectRows effects={found.nodes} />
      </div>
      <Pager label={label} previous={previous} next={next(found.pageInfo)} />
    </section>
  );
}
