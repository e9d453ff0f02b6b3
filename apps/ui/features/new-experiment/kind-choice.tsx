/** Cards to choose the kind of experiment from, each with the question it answers: those that the server runs. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { kindNames, kindQuestions, specKind } from '../experiments/kinds.ts';
import styles from './new-experiment.module.css';

interface KindChoiceProps {
  kind: ExperimentKind;
  /** Kinds as a spec writes them. */
  available: readonly string[];
  onChoose: (kind: ExperimentKind) => void;
}

export function KindChoice({ kind, available, onChoose }: KindChoiceProps) {
  const kinds = (Object.keys(kindNames) as ExperimentKind[]).filter((one) => available.includes(specKind(one)));
  return (
    <fieldset className={styles.kinds}>
      <legend>Kind</legend>
      {kinds.map((one) => (
        <label key={one} className={styles.kind}>
          <input type="radio" name="kind" value={one} checked={one === kind} onChange={() => onChoose(one)} />
          <span>
            <strong>{kindNames[one]}</strong>
            <small>{kindQuestions[one]}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
