'use client';
/** The strongest edges that pass the filter, drawn as a graph, with the number of edges to draw. */
import { countText } from '@demur/charts';
import { useDraft } from '../../client/use-draft.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { readFragment } from '../../graphql/fragment-masking.ts';
import { CircuitGraphDocument, GraphEdgeFragmentDoc, type EdgeFilter } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';
import { edgeCount } from './edge-count.ts';
import { GraphDrawing } from './graph-drawing.tsx';

interface CircuitGraphProps {
  circuitId: string;
  filter: EdgeFilter;
  /** How many edges are drawn unless the address says. */
  usual?: number;
  shape: { nHeads: number; nKvHeads: number } | null | undefined;
  selected: string | null;
  onSelect: (node: string | null) => void;
}

export function CircuitGraph({ circuitId, filter, usual, shape, selected, onSelect }: CircuitGraphProps) {
  const { params, change } = useUrlState();
  const first = edgeCount(params.get('n'), usual);
  const [draft, setDraft] = useDraft(String(first), (n) => change({ n }));
  const graph = useGraphqlQuery(CircuitGraphDocument, { id: circuitId, first, filter }, { keepPrevious: true });
  const found = graph.data?.circuit?.edges;
  const edges = readFragment(GraphEdgeFragmentDoc, found?.nodes ?? []);
  return (
    <section className={styles.section} aria-label="Graph" aria-busy={graph.isFetching}>
      <header className={styles.header}>
        <label>
          Strongest <output>{draft}</output> edges
          <input
            type="range"
            min={10}
            max={500}
            step={10}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
        </label>
        {found && <small>{countText(found.totalCount)} pass the filter</small>}
      </header>
      {graph.error && <ErrorNotice error={graph.error} retry={() => void graph.refetch()} />}
      {!graph.error && !found && <Loading what="edges" lines={8} />}
      {found && edges.length === 0 && <p>No edge passes this filter.</p>}
      {edges.length > 0 && <GraphDrawing edges={edges} shape={shape} selected={selected} onSelect={onSelect} />}
    </section>
  );
}
