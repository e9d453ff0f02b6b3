/** How a result came about: the arrays it has, its specification and its record. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentDetailsFragmentDoc } from '../../graphql/graphql.ts';
import styles from './experiment-details.module.css';
import { RecordList } from './record-list.tsx';

export function ExperimentDetails({ experiment }: { experiment: FragmentType<typeof ExperimentDetailsFragmentDoc> }) {
  const { spec, specHash, record, arrays } = readFragment(ExperimentDetailsFragmentDoc, experiment);
  return (
    <details className={styles.details}>
      <summary>Details: record, conventions, specification</summary>
      {record !== null && record !== undefined && <RecordList record={record} />}
      {arrays.length > 0 && (
        <>
          <h3>Arrays</h3>
          <ul className={styles.arrays}>
            {arrays.map(({ name, shape }) => (
              <li key={name}>
                <code>{name}</code> <small>[{shape.join(', ')}]</small>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>Specification</h3>
      <small>
        SHA-256 <code>{specHash}</code>
      </small>
      <pre>{JSON.stringify(spec, null, 2)}</pre>
    </details>
  );
}
