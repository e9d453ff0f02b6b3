/** A cell of a table with a bar: a value against the strongest, its sign by colour. */
import styles from './edge-table.module.css';

export function StrengthCell({ value, strongest }: { value: number; strongest: number }) {
  return (
    <td className={styles.strength}>
      <span
        data-sign={value < 0 ? 'negative' : 'positive'}
        style={{ width: `${(Math.abs(value) / strongest) * 100}%` }}
      />
    </td>
  );
}
