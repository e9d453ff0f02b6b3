/** Takes up the jobs of a queue of pg-boss. What a job does is its queue's part. */
import type { Job, PgBoss } from 'pg-boss';

export interface TakeUpOptions {
  /** How many at a time; 1 by default. */
  concurrency?: number | undefined;
  run: (job: Job) => Promise<void>;
}

/** Runs jobs as they come, until the boss stops. Where more wait, the next follows at once and not at the next poll. */
export async function takeUpJobs(boss: PgBoss, queue: string, { concurrency = 1, run }: TakeUpOptions): Promise<void> {
  const options = { localConcurrency: concurrency, notifyPollingIntervalSeconds: 5 };
  const worker = await boss.work<object>(queue, options, async ([job]) => {
    if (job) await run(job).finally(() => boss.notifyWorker(worker));
  });
}
