/** Completions of steering and generation experiments, in the order of coefficients, then pairs. */
import { asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { completions, type Completion } from '../schema/completions.ts';

export type CompletionInput = Omit<Completion, 'experimentId'>;

/** Rows of one statement: each takes eight of the 65,535 parameters that it may have. */
const rowsAtATime = 1000;

/** Adds the completions of an experiment. */
export async function writeCompletions(
  session: Session,
  experimentId: string,
  rows: readonly CompletionInput[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsAtATime) {
    const some = rows.slice(start, start + rowsAtATime);
    await session.orm.insert(completions).values(some.map((row) => ({ experimentId, ...row })));
  }
}

export function listCompletions(session: Session, experimentId: string): Promise<Completion[]> {
  return session.orm
    .select()
    .from(completions)
    .where(eq(completions.experimentId, experimentId))
    .orderBy(asc(completions.coefficientIndex), asc(completions.pairIndex));
}
