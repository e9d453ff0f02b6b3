/** Studies as jobs, one at a time: their experiments are jobs of their own queue, which a study waits for. */
import type { PgBoss } from 'pg-boss';
import type { Database, Session } from './database.ts';
import {
  cancelStudy,
  failStudy,
  findStudy,
  requeueStudy,
  startStudy,
  succeedStudy,
  type KeptReport,
  type StudySummary,
} from './repositories/studies.ts';
import { RowQueue } from './row-queue.ts';

/** Makes a study and returns its report. What it throws ends the study as FAILED. The signal: cancelled, or stopping. */
export type StudyHandler = (study: StudySummary, context: { signal: AbortSignal }) => Promise<KeptReport>;

export interface StudyJobs {
  /** Queues a study, in the transaction that requested it. */
  enqueue(studyId: string, session: Session): Promise<void>;
  /** Takes up queued studies, one at a time, until `stop`. */
  work(handler: StudyHandler): Promise<void>;
  /** Ends a study that is queued or running; its experiments go on. @throws StudyStatusError, StudyNotFoundError */
  cancel(studyId: string): Promise<StudySummary>;
  /** Aborts the study that runs here and puts it back. */
  stop(): Promise<void>;
}

/** Makes the queue, and queues anew what a dead process has left behind: it goes on from the experiments that it has made. */
export async function openStudyJobs(
  db: Database,
  boss: PgBoss,
  { heartbeatSeconds }: { heartbeatSeconds: number },
): Promise<StudyJobs> {
  const limits = { heartbeatSeconds, retryLimit: 1_000 };
  const queue = await RowQueue.open(db, boss, { name: 'study', table: 'studies', ...limits });
  for (const id of queue.orphans) await queue.enqueue(id);
  return {
    enqueue: (studyId, session) => queue.enqueue(studyId, session),
    work: (handler) =>
      queue.work({
        start: (id) => startStudy(db, id),
        run: handler,
        succeed: (id, report) => succeedStudy(db, id, report),
        fail: (id, error) => failStudy(db, id, error),
        putBack: (id) => requeueStudy(db, id),
        isRunning: async (id) => (await findStudy(db, id))?.status === 'RUNNING',
      }),
    cancel: async (studyId) => {
      const study = await cancelStudy(db, studyId);
      queue.abort(studyId);
      return study;
    },
    stop: () => queue.stop(),
  };
}
