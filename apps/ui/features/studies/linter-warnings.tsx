/** What the linter said about the pairs, folded where it is much. */
import layout from '../../components/study.module.css';
import styles from './study-report.module.css';

/** Sentences that are shown at once. */
const few = 5;

export function LinterWarnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  const list = (
    <ul className={styles.warnings}>
      {warnings.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
  return (
    <section id="warnings" className={`${layout.section} ${styles.section}`}>
      <h2>Pairs that deserve a look</h2>
      {warnings.length <= few ? (
        list
      ) : (
        <details>
          <summary>{warnings.length} sentences of the linter</summary>
          {list}
        </details>
      )}
    </section>
  );
}
