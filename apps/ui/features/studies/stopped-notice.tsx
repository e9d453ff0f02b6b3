'use client';
/** Why a study went no further than the refusal contrast, and the way to have it go on all the same. */
import { ErrorNotice } from '../../components/notice.tsx';
import type { CreateStudyInput } from '../../graphql/graphql.ts';
import styles from './stopped-notice.module.css';
import { useCreateStudy } from './use-create-study.ts';

export function StoppedNotice({ reason, asked }: { reason: string; asked: CreateStudyInput }) {
  const create = useCreateStudy();
  return (
    <div role="note" className={styles.stopped}>
      <p>{reason}</p>
      <button type="button" onClick={() => create.mutate({ ...asked, evenIfMixed: true })} disabled={create.isPending}>
        Go on all the same
      </button>
      {create.error && <ErrorNotice error={create.error} />}
    </div>
  );
}
