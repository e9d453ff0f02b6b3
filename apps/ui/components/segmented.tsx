/** A few choices side by side, of which one holds. */
import styles from './segmented.module.css';

interface SegmentedProps<T extends string> {
  label: string;
  choices: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
}

export function Segmented<T extends string>({ label, choices, value, onChange }: SegmentedProps<T>) {
  const entries = Object.entries<string>(choices) as [T, string][];
  return (
    <fieldset className={styles.group}>
      <legend className="visually-hidden">{label}</legend>
      {entries.map(([key, text]) => (
        <label key={key} className={styles.choice}>
          <input type="radio" name={label} value={key} checked={key === value} onChange={() => onChange(key)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
