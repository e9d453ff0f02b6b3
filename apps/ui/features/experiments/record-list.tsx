/** The run record as a list of names and values: whatever the server wrote, long lists folded. */
import styles from './experiment-details.module.css';
import { recordLines } from './record-lines.ts';

export function RecordList({ record }: { record: unknown }) {
  return (
    <>
      <h3>Record</h3>
      <dl className={styles.record}>
        {recordLines(record).map(({ name, text }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
