'use client';
/** Where an experiment stands: its state, and a bar that moves while it runs. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentStatusFragmentDoc } from '../../graphql/graphql.ts';
import { statusNames } from './kinds.ts';
import styles from './experiment-status.module.css';
import { useLiveProgress } from './use-live-progress.ts';

const stageWords: Record<string, string> = {
  download: 'downloading the model',
  load: 'loading weights',
  run: '',
  merge: 'merging',
};

export function ExperimentStatus({ experiment }: { experiment: FragmentType<typeof ExperimentStatusFragmentDoc> }) {
  const progress = useLiveProgress(readFragment(ExperimentStatusFragmentDoc, experiment).progress);
  const percent = Math.round(progress.fraction * 100);
  if (progress.status !== 'RUNNING')
    return (
      <span className={styles.status} data-status={progress.status}>
        {statusNames[progress.status]}
      </span>
    );
  const words = stageWords[progress.stage ?? ''] ?? 'starting';
  return (
    <span className={styles.running}>
      <span className={styles.status} data-status="RUNNING">
        Running
      </span>
      <progress max={100} value={percent} aria-label={`${words || 'running'}, ${percent} percent`} />
      <small>
        {words} {percent}%
      </small>
    </span>
  );
}
