/** Data sets with their pairs. A data set does not change once it is made: experiments refer to it. */
import { asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { DatabaseError, isUniqueViolation } from '../errors.ts';
import { dataSets, pairs, type DataSet, type Pair } from '../schema/data-sets.ts';

export interface PairInput {
  clean: unknown;
  corrupted: unknown;
  answer: unknown;
  distractor: unknown;
  roles?: unknown;
}

export interface DataSetInput {
  slug: string;
  name: string;
  description?: string | undefined;
  pairs: readonly PairInput[];
}

export class SlugTakenError extends DatabaseError {
  constructor(slug: string, cause: unknown) {
    super('SLUG_TAKEN', `The slug "${slug}" belongs to another data set. Choose another one.`, { path: 'slug', cause });
  }
}

/** Rows of one INSERT: a statement takes at most 65,535 parameters. */
const pairsAtOnce = 2_000;

/**
 * Creates a data set and its pairs, in the order given, in one transaction.
 * @throws SlugTakenError
 */
export async function createDataSet(session: Session, input: DataSetInput): Promise<DataSet> {
  return session.transaction(async (tx) => {
    const { slug, name, description, pairs: pairInputs } = input;
    const dataSet = await insertDataSet(tx, { slug, name, description, pairCount: pairInputs.length });
    const rows = pairInputs.map((pair, index) => ({ ...pair, index, dataSetId: dataSet.id }));
    for (let start = 0; start < rows.length; start += pairsAtOnce) {
      await tx.orm.insert(pairs).values(rows.slice(start, start + pairsAtOnce));
    }
    return dataSet;
  });
}

async function insertDataSet(session: Session, row: typeof dataSets.$inferInsert): Promise<DataSet> {
  try {
    const [dataSet] = await session.orm.insert(dataSets).values(row).returning();
    return dataSet!;
  } catch (error) {
    throw isUniqueViolation(error) ? new SlugTakenError(row.slug, error) : error;
  }
}

export async function findDataSet(session: Session, id: string): Promise<DataSet | undefined> {
  return (await session.orm.select().from(dataSets).where(eq(dataSets.id, id)))[0];
}

export async function findDataSetBySlug(session: Session, slug: string): Promise<DataSet | undefined> {
  return (await session.orm.select().from(dataSets).where(eq(dataSets.slug, slug)))[0];
}

/** All data sets, by slug. */
export function listDataSets(session: Session): Promise<DataSet[]> {
  return session.orm.select().from(dataSets).orderBy(asc(dataSets.slug));
}

/** The pairs of a data set in their order. */
export function listPairs(session: Session, dataSetId: string): Promise<Pair[]> {
  return session.orm.select().from(pairs).where(eq(pairs.dataSetId, dataSetId)).orderBy(asc(pairs.index));
}
