/** Checks of models, from their request to their outcome. */
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { RowStatusError } from '../errors.ts';
import type { ExperimentError, ExperimentProgress } from '../schema/experiments.ts';
import { modelChecks, type ModelCheck } from '../schema/model-checks.ts';

/** What a check has found. */
export type ModelCheckOutcome = Required<
  Pick<
    typeof modelChecks.$inferInsert,
    'passed' | 'backend' | 'backendVersion' | 'version' | 'weightsSha256' | 'results'
  >
>;

export class ModelCheckNotOpenError extends RowStatusError {
  constructor(id: string) {
    super('MODEL_CHECK_NOT_OPEN', `The check ${id} does not wait or run; check the model again.`);
  }
}

const open = inArray(modelChecks.status, ['QUEUED', 'RUNNING']);

/** A check of a model, QUEUED; one that is not at an end is given back instead. */
export function requestModelCheck(session: Session, modelId: string): Promise<{ check: ModelCheck; isNew: boolean }> {
  return session.transaction(async (tx) => {
    // Two requests at a time wait here for each other.
    await tx.executeSql('SELECT 1 FROM models WHERE id = $1 FOR UPDATE', [modelId]);
    const ofModel = and(eq(modelChecks.modelId, modelId), open);
    const [known] = await tx.orm.select().from(modelChecks).where(ofModel);
    if (known) return { check: known, isNew: false };
    const [check] = await tx.orm.insert(modelChecks).values({ modelId }).returning();
    return { check: check!, isNew: true };
  });
}

/** Checks of a model, newest first, at most `limit`. */
export function listModelChecks(session: Session, modelId: string, limit = 50): Promise<ModelCheck[]> {
  const ofModel = eq(modelChecks.modelId, modelId);
  return session.orm.select().from(modelChecks).where(ofModel).orderBy(desc(modelChecks.id)).limit(limit);
}

/** Begins a check, or tells how far it is. @throws ModelCheckNotOpenError */
export function setModelCheckProgress(
  session: Session,
  id: string,
  progress: ExperimentProgress | null,
): Promise<ModelCheck> {
  return change(session, id, { status: 'RUNNING', progress });
}

/** Ends a check with what it has found. @throws ModelCheckNotOpenError */
export function endModelCheck(session: Session, id: string, outcome: ModelCheckOutcome): Promise<ModelCheck> {
  return change(session, id, { status: 'ENDED', progress: null, finishedAt: sql`now()`, ...outcome });
}

/** Ends a check that could not be made, with the reason. @throws ModelCheckNotOpenError */
export function failModelCheck(session: Session, id: string, error: ExperimentError): Promise<ModelCheck> {
  return change(session, id, { status: 'FAILED', progress: null, finishedAt: sql`now()`, error });
}

type Change = Parameters<ReturnType<Session['orm']['update']>['set']>[0];

async function change(session: Session, id: string, values: Change): Promise<ModelCheck> {
  const [changed] = await session.orm
    .update(modelChecks)
    .set(values)
    .where(and(eq(modelChecks.id, id), open))
    .returning();
  if (changed === undefined) throw new ModelCheckNotOpenError(id);
  return changed;
}
