/** Directions under a name. A name does not change what it stands for: experiments refer to it. */
import { asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { DatabaseError, isUniqueViolation } from '../errors.ts';
import { directions, type Direction } from '../schema/directions.ts';

/** A name that another direction has. */
export class DirectionSlugTakenError extends DatabaseError {
  constructor(slug: string, cause: unknown) {
    super('SLUG_TAKEN', `The slug "${slug}" belongs to another direction. Choose another one.`, {
      path: 'slug',
      cause,
    });
  }
}

export type DirectionInput = Omit<typeof directions.$inferInsert, 'id' | 'createdAt'>;

/** @throws DirectionSlugTakenError */
export async function createDirection(session: Session, input: DirectionInput): Promise<Direction> {
  try {
    const [direction] = await session.orm.insert(directions).values(input).returning();
    return direction!;
  } catch (error) {
    throw isUniqueViolation(error) ? new DirectionSlugTakenError(input.slug, error) : error;
  }
}

export async function findDirectionBySlug(session: Session, slug: string): Promise<Direction | undefined> {
  return (await session.orm.select().from(directions).where(eq(directions.slug, slug)))[0];
}

/** All directions, by slug. */
export function listDirections(session: Session): Promise<Direction[]> {
  return session.orm.select().from(directions).orderBy(asc(directions.slug));
}
