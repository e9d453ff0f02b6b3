/** A few things of which any number may hold; none means no condition. */
import styles from './check-group.module.css';

interface CheckGroupProps<T extends string> {
  label: string;
  choices: Partial<Record<T, string>>;
  values: readonly T[];
  onChange: (values: T[]) => void;
}

export function CheckGroup<T extends string>({ label, choices, values, onChange }: CheckGroupProps<T>) {
  const toggle = (key: T): void => onChange(values.includes(key) ? values.filter((v) => v !== key) : [...values, key]);
  return (
    <fieldset className={styles.group}>
      <legend>{label}</legend>
      {(Object.entries(choices) as [T, string][]).map(([key, text]) => (
        <label key={key} className={styles.choice}>
          <input type="checkbox" checked={values.includes(key)} onChange={() => toggle(key)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
