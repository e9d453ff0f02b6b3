'use client';
/** The least absolute score. */
import { useDraft } from '../../client/use-draft.ts';
import styles from './edge-filters.module.css';

export function ScoreInput({ value, onChange }: { value: string | null; onChange: (value: string) => void }) {
  const [draft, setDraft] = useDraft(value ?? '', onChange);
  return (
    <label className={styles.field}>
      |score| at least
      <input
        type="number"
        min={0}
        step="any"
        placeholder="0"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
    </label>
  );
}
