/** Registered models. */
import { asc, eq, sql } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { models, type Model } from '../schema/models.ts';

export type ModelInput = Omit<typeof models.$inferInsert, 'id' | 'createdAt' | 'updatedAt'>;

/** Registers a model, or brings the entry of the same slug up to date; its id stays. */
export async function registerModel(session: Session, input: ModelInput): Promise<Model> {
  const [model] = await session.orm
    .insert(models)
    .values(input)
    .onConflictDoUpdate({ target: models.slug, set: { ...input, updatedAt: sql`now()` } })
    .returning();
  return model!;
}

export async function findModel(session: Session, id: string): Promise<Model | undefined> {
  return (await session.orm.select().from(models).where(eq(models.id, id)))[0];
}

export async function findModelBySlug(session: Session, slug: string): Promise<Model | undefined> {
  return (await session.orm.select().from(models).where(eq(models.slug, slug)))[0];
}

/** All models, by slug. */
export function listModels(session: Session): Promise<Model[]> {
  return session.orm.select().from(models).orderBy(asc(models.slug));
}
