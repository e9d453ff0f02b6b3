'use client';
/** A range of layers, both ends included; an empty end is open. */
import { useDraft } from '../../client/use-draft.ts';
import styles from './edge-filters.module.css';

interface LayerInputsProps {
  label: string;
  /** `3-12`, or null. */
  value: string | null;
  onChange: (value: string | null) => void;
}

export function LayerInputs({ label, value, onChange }: LayerInputsProps) {
  const [draft, setDraft] = useDraft(value ?? '-', (text) => onChange(text === '-' ? null : text));
  const [min = '', max = ''] = draft.split('-');
  return (
    <fieldset className={styles.layers}>
      <legend className="visually-hidden">{label}</legend>
      layers
      <input
        type="number"
        min={0}
        aria-label={`${label}, first`}
        placeholder="0"
        value={min}
        onChange={(event) => setDraft(`${event.target.value}-${max}`)}
      />
      to
      <input
        type="number"
        min={0}
        aria-label={`${label}, last`}
        placeholder="last"
        value={max}
        onChange={(event) => setDraft(`${min}-${event.target.value}`)}
      />
    </fieldset>
  );
}
