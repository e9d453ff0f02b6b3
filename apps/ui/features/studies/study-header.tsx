'use client';
/** What a study asks, where it stands, why it ended early, and what can be done with it. */
import { durationText } from '@demur/charts';
import { Ago } from '../../components/ago.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyHeaderFragmentDoc } from '../../graphql/graphql.ts';
import styles from '../experiments/experiment-header.module.css';
import { FailureNotice } from '../experiments/failure-notice.tsx';
import { secondsBetween } from '../experiments/seconds-between.ts';
import { modelTitle } from '../models/model-title.ts';
import { StudyActions } from './study-actions.tsx';
import { StudyStatus } from './study-status.tsx';
import { StoppedNotice } from './stopped-notice.tsx';

export function StudyHeader({ study }: { study: FragmentType<typeof StudyHeaderFragmentDoc> }) {
  const header = readFragment(StudyHeaderFragmentDoc, study);
  const seconds = secondsBetween(header.startedAt, header.finishedAt);
  const stopped = header.report?.stopped ?? null;
  const { name, modelName: model, dataSetName: dataSet, seed, evenIfMixed } = header;
  const asked = { name, model, dataSet, seed, evenIfMixed };
  return (
    <>
      <PageHeader title={header.title} actions={<StudyActions id={header.id} status={header.status} asked={asked} />}>
        <p>{header.question}</p>
        <p className={styles.facts}>
          <span title={header.modelName}>{modelTitle(header)}</span>
          <span>{header.dataSet?.name ?? header.dataSetName}</span>
          <span>
            created <Ago time={header.createdAt} />
          </span>
          {seconds !== undefined && <span>took {durationText(seconds)}</span>}
        </p>
        <div className={styles.status}>
          <StudyStatus study={header} hasTitle />
        </div>
      </PageHeader>
      {header.error && <FailureNotice failure={header.error} />}
      {stopped !== null && <StoppedNotice reason={stopped} asked={asked} />}
    </>
  );
}
