/** Why an experiment failed: the server's sentence, its code and the path in the spec. */
import styles from './run-header.module.css';

export interface Failure {
  code: string;
  message: string;
  path?: string | null;
}

export function FailureNotice({ failure: { code, message, path } }: { failure: Failure }) {
  return (
    <div role="alert" className={styles.failure}>
      <p>{message}</p>
      <p>
        <code>{code}</code> {path && <code>{path}</code>}
      </p>
    </div>
  );
}
