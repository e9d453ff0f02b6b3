'use client';
/** One circuit: its strongest edges as a graph and as a table, filtered by the server. */
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { CircuitPageDocument } from '../../graphql/graphql.ts';
import { CircuitGraph } from './circuit-graph.tsx';
import { CircuitHeader } from './circuit-header.tsx';
import styles from './circuit-page.module.css';
import { EdgeFilters } from './edge-filters.tsx';
import { edgeFilter } from './edge-filter.ts';
import { EdgeTable } from './edge-table.tsx';
import { Neighbourhood } from './neighbourhood.tsx';

export function CircuitPage({ id }: { id: string }) {
  const page = useGraphqlQuery(CircuitPageDocument, { id });
  const { params, change } = useUrlState();
  if (page.error) return <ErrorNotice error={page.error} retry={() => void page.refetch()} />;
  if (!page.data) return <Loading what="the circuit" lines={10} />;
  const { circuit } = page.data;
  if (!circuit) return <NoSuchCircuit id={id} />;
  const { inCircuitCount } = circuit;
  const filter = edgeFilter(params);
  const node = params.get('node');
  const select = (name: string | null): void => change({ node: name });
  return (
    <>
      <CircuitHeader circuit={circuit} />
      <EdgeFilters hasCircuit={inCircuitCount !== null && inCircuitCount !== undefined} />
      <div className={styles.columns}>
        <CircuitGraph
          circuitId={id}
          filter={filter}
          usual={filter.inCircuit ? (inCircuitCount ?? undefined) : undefined}
          shape={circuit.experiment?.model?.shape}
          selected={node}
          onSelect={select}
        />
        <div className={styles.lists}>
          {node && <Neighbourhood circuitId={id} node={node} onSelect={select} />}
          <EdgeTable circuitId={id} filter={filter} onSelect={select} />
        </div>
      </div>
    </>
  );
}

function NoSuchCircuit({ id }: { id: string }) {
  return (
    <EmptyState title="There is no such circuit">
      <p>
        Nothing here has the id <code>{id}</code>. An attribution experiment makes a circuit:{' '}
        <Link href="/">see all experiments</Link>.
      </p>
    </EmptyState>
  );
}
