/** A circuit in short: how large it is, its strongest edges, and the way to its page. */
import { countText, numberText } from '@demur/charts';
import Link from 'next/link';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { CircuitCardFragmentDoc } from '../../graphql/graphql.ts';
import styles from './circuit-card.module.css';

/** @param evaluation where circuits of its edges are evaluated */
export function CircuitCard({
  circuit,
  evaluation,
}: {
  circuit: FragmentType<typeof CircuitCardFragmentDoc>;
  evaluation: string;
}) {
  const { id, edgeCount, edges } = readFragment(CircuitCardFragmentDoc, circuit);
  const strongest = Math.max(...edges.nodes.map(({ score }) => Math.abs(score)), Number.MIN_VALUE);
  return (
    <section className={styles.card}>
      <header>
        <h2>{countText(edgeCount)} scored edges</h2>
        <Link href={evaluation} className="button">
          Evaluate circuits by these scores
        </Link>
        <Link href={`/circuits/${id}`} className="button primary">
          Explore the circuit
        </Link>
      </header>
      <ol className={styles.edges}>
        {edges.nodes.map(({ name, score }) => (
          <li key={name}>
            <code>{name}</code>
            <span
              className={styles.bar}
              data-sign={score < 0 ? 'negative' : 'positive'}
              style={{ width: `${(Math.abs(score) / strongest) * 100}%` }}
            />
            <span className={styles.score}>{numberText(score)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
