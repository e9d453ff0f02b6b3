'use client';
/** What an experiment is, where it stands, why it failed, and what can be done with it. */
import { durationText } from '@demur/charts';
import { PageHeader } from '../../components/page-header.tsx';
import { Ago } from '../../components/ago.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentHeaderFragmentDoc } from '../../graphql/graphql.ts';
import { modelTitle } from '../models/model-title.ts';
import { ExperimentActions } from './experiment-actions.tsx';
import { ExperimentStatus } from './experiment-status.tsx';
import { FailureNotice } from './failure-notice.tsx';
import styles from './experiment-header.module.css';
import { kindNames } from './kinds.ts';
import { secondsBetween } from './seconds-between.ts';

export function ExperimentHeader({ experiment }: { experiment: FragmentType<typeof ExperimentHeaderFragmentDoc> }) {
  const header = readFragment(ExperimentHeaderFragmentDoc, experiment);
  const seconds = secondsBetween(header.startedAt, header.finishedAt);
  return (
    <>
      <PageHeader title={kindNames[header.kind]} actions={<ExperimentActions id={header.id} status={header.status} />}>
        <p className={styles.facts}>
          <span title={header.modelName}>{modelTitle(header)}</span>
          <span>{header.dataSet?.name ?? 'pairs of its own'}</span>
          <span>
            created <Ago time={header.createdAt} />
          </span>
          {seconds !== undefined && <span>took {durationText(seconds)}</span>}
        </p>
        <div className={styles.status}>
          <ExperimentStatus experiment={header} />
        </div>
      </PageHeader>
      {header.error && <FailureNotice failure={header.error} />}
    </>
  );
}
