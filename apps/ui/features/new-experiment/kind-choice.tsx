/** Cards to choose the kind of experiment from, each with the question it answers. */
import styles from './new-experiment.module.css';
import { formKinds, type FormKind } from './spec-form.ts';

export function KindChoice({ kind, onChoose }: { kind: FormKind; onChoose: (kind: FormKind) => void }) {
  return (
    <fieldset className={styles.kinds}>
      <legend>Kind</legend>
      {(Object.keys(formKinds) as FormKind[]).map((key) => (
        <label key={key} className={styles.kind}>
          <input type="radio" name="kind" value={key} checked={key === kind} onChange={() => onChoose(key)} />
          <span>
            <strong>{formKinds[key].name}</strong>
            <small>{formKinds[key].words}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
