/** What was run, of what, since when, where it stands, and why it failed: the top of an experiment's page, and of a study's. */
import { durationText } from '@demur/charts';
import type { ReactNode } from 'react';
import { Ago } from '../../components/ago.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { modelTitle } from '../models/model-title.ts';
import { FailureNotice, type Failure } from './failure-notice.tsx';
import styles from './run-header.module.css';
import type { Run } from './run.ts';
import { secondsBetween } from './seconds-between.ts';

interface RunHeaderProps {
  title: string;
  /** What it asks, as a sentence. */
  question?: string;
  run: Run & { error?: Failure | null };
  dataSet: string;
  status: ReactNode;
  actions: ReactNode;
}

export function RunHeader({ title, question, run, dataSet, status, actions }: RunHeaderProps) {
  const seconds = secondsBetween(run.startedAt, run.finishedAt);
  return (
    <>
      <PageHeader title={title} actions={actions}>
        {question && <p>{question}</p>}
        <p className={styles.facts}>
          <span title={run.modelName}>{modelTitle(run)}</span>
          <span>{dataSet}</span>
          <span>
            created <Ago time={run.createdAt} />
          </span>
          {seconds !== undefined && <span>took {durationText(seconds)}</span>}
        </p>
        <div className={styles.status}>{status}</div>
      </PageHeader>
      {run.error && <FailureNotice failure={run.error} />}
    </>
  );
}
