/** The key to the graph. */
import styles from './circuit-graph.module.css';

export function GraphLegend() {
  return (
    <ul className={styles.legend}>
      <li>
        <i data-sign="negative" /> negative: corrupting the edge lowers the metric, it speaks for the answer
      </li>
      <li>
        <i data-sign="positive" /> positive: it speaks against the answer
      </li>
      <li>wider is stronger; a head reads q left, k in the middle, v right</li>
    </ul>
  );
}
