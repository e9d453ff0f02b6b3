/** Where a study stands: its state, or that it stopped itself, and while it runs, at which of its steps; the step's title where there is room. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyStatusFragmentDoc } from '../../graphql/graphql.ts';
import styles from '../experiments/experiment-status.module.css';
import { statusNames } from '../experiments/kinds.ts';

interface StudyStatusProps {
  study: FragmentType<typeof StudyStatusFragmentDoc>;
  hasTitle?: boolean;
}

export function StudyStatus({ study, hasTitle = false }: StudyStatusProps) {
  const { status, stopped, progress } = readFragment(StudyStatusFragmentDoc, study);
  const state = (
    <span className={styles.status} data-status={stopped ? 'STOPPED' : status}>
      {stopped ? 'Stopped' : statusNames[status]}
    </span>
  );
  if (status !== 'RUNNING' || !progress) return state;
  const { title, index, total } = progress;
  return (
    <span className={styles.running}>
      {state}
      <progress max={total} value={index - 1} aria-label={`Step ${index} of ${total}`} />
      <small>
        step {index} of {total}
        {hasTitle && `: ${title}`}
      </small>
    </span>
  );
}
