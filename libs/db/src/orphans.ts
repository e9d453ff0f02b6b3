/** Work that no job will bring to an end: its process died. Which work it is, and what becomes of it, is the queue's part. */
import type { PgBoss } from 'pg-boss';
import type { Database } from './database.ts';

/** A queue whose jobs have the ids of a table's rows. */
interface QueueOfRows {
  queue: string;
  table: 'experiments' | 'model_checks' | 'studies';
}

/**
 * Ids of the open rows without a job under way, oldest first; what is left of their jobs is deleted. On PGlite no other
 * process can be alive, so an active job is an orphan's as well; on PostgreSQL the missing heartbeat tells.
 */
export async function takeOrphans(db: Database, boss: PgBoss, { queue, table }: QueueOfRows): Promise<string[]> {
  const ended = ['completed', 'failed', 'cancelled', ...(db.driver === 'pglite' ? ['active'] : [])];
  const { rows } = await db.executeSql<{ id: string; hasJob: boolean }>(
    `SELECT r.id, j.id IS NOT NULL AS "hasJob"
     FROM ${table} r LEFT JOIN pgboss.job j ON j.name = $1 AND j.id = r.id::uuid
     WHERE r.status IN ('QUEUED', 'RUNNING') AND (j.id IS NULL OR j.state::text = ANY($2::text[]))
     ORDER BY r.id`,
    [queue, ended],
  );
  for (const { id, hasJob } of rows) if (hasJob) await boss.deleteJob(queue, id);
  return rows.map(({ id }) => id);
}
