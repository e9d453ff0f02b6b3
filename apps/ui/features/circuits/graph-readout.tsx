/** The active node in words: how many of the drawn edges lead into it and out of it, and the strongest. */
import { numberText } from '@demur/charts';
import type { GraphEdgeFragment } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';

export function GraphReadout({ edges, node }: { edges: readonly GraphEdgeFragment[]; node: string | undefined }) {
  if (node === undefined)
    return <p className={styles.readout}>Point at a node to see its edges; choose it for its neighbourhood.</p>;
  const into = edges.filter(({ receiver }) => receiver.name === node);
  const out = edges.filter(({ sender }) => sender.name === node);
  const [strongest] = [...into, ...out].sort((a, b) => a.rank - b.rank);
  return (
    <p className={styles.readout} aria-live="polite">
      <strong>{node}</strong> {into.length} in, {out.length} out
      {strongest && (
        <>
          , strongest <code>{strongest.name}</code> {numberText(strongest.score)}
        </>
      )}
    </p>
  );
}
