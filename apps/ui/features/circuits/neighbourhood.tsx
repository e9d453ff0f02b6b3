'use client';
/** The strongest edges around the chosen node, of the whole circuit, whatever the filter. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { NeighbourhoodDocument } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';
import { EdgeRows } from './edge-rows.tsx';

const strongest = 20;

interface NeighbourhoodProps {
  circuitId: string;
  node: string;
  onSelect: (node: string | null) => void;
}

export function Neighbourhood({ circuitId, node, onSelect }: NeighbourhoodProps) {
  const around = useGraphqlQuery(
    NeighbourhoodDocument,
    { id: circuitId, node, top: strongest },
    { keepPrevious: true },
  );
  const edges = around.data?.circuit?.neighbourhood;
  return (
    <aside className={styles.section} aria-label={`Neighbourhood of ${node}`}>
      <header className={styles.header}>
        <h2>
          Around <code>{node}</code>
        </h2>
        <button type="button" onClick={() => onSelect(null)}>
          Close
        </button>
      </header>
      {around.error && <ErrorNotice error={around.error} retry={() => void around.refetch()} />}
      {!around.error && !edges && <Loading what="the neighbourhood" />}
      {edges && (
        <div className={styles.scroll}>
          <EdgeRows edges={edges} onSelect={onSelect} />
        </div>
      )}
    </aside>
  );
}
