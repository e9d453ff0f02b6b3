/** Steps through pages by cursor. */
import styles from './pager.module.css';

interface PagerProps {
  /** Such as `21–40 of 57 experiments`. */
  label: string;
  previous: (() => void) | undefined;
  next: (() => void) | undefined;
}

export function Pager({ label, previous, next }: PagerProps) {
  return (
    <nav className={styles.pager} aria-label="Pages">
      <small>{label}</small>
      <button type="button" onClick={previous} disabled={!previous}>
        Previous
      </button>
      <button type="button" onClick={next} disabled={!next}>
        Next
      </button>
    </nav>
  );
}
