/** Data sets of minimal pairs. */
import {
  createDataSet,
  findDataSet,
  findDataSetBySlug,
  listDataSets,
  listPairs,
  type Database,
  type DataSet as DataSetRow,
} from '@demur/db';
import { formatPairs, type PairFormat, type PairSpec } from '@demur/interp';
import { DemurError } from '@demur/model';
import type { Connection } from '../relay/connection.ts';
import { connection, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import { requireSlug } from '../slug.ts';
import type { CreateDataSetInput, PairInput } from './data-set.input.ts';
import type { DataSet, DataSetPair } from './data-set.type.ts';
import { parsePairs } from './parse-pairs.ts';
import { promptText } from './prompt-text.ts';

/** A name in a spec that no data set has. */
export class UnknownDataSetError extends DemurError {
  constructor(slug: string, slugs: string[]) {
    const known = slugs.length === 0 ? 'there is none yet' : `there are ${slugs.join(', ')}`;
    super(
      'UNKNOWN_DATA_SET',
      `"${slug}" is not a data set (${known}); create it with createDataSet or give the pairs themselves`,
      { path: 'pairs' },
    );
  }
}

/** An id that no data set has. */
export class DataSetNotFoundError extends DemurError {
  constructor(id: string) {
    super('DATA_SET_NOT_FOUND', `"${id}" is not the id of a data set; dataSets lists them`);
  }
}

/** A pair without the roles that it does not have. */
function withoutNull({ roles, ...pair }: PairInput): PairInput {
  return roles === null || roles === undefined ? pair : { ...pair, roles };
}

export class DataSets {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<DataSet[]> {
    return (await listDataSets(this.#database)).map(toDataSet);
  }

  async byId(id: string): Promise<DataSet | null> {
    const row = await findDataSet(this.#database, id);
    return row === undefined ? null : toDataSet(row);
  }

  async bySlug(slug: string): Promise<DataSet | null> {
    const row = await findDataSetBySlug(this.#database, slug);
    return row === undefined ? null : toDataSet(row);
  }

  /** Checks the form of every pair and keeps them. Whether tokens fit is known only with a model, when they run. */
  async create(input: CreateDataSetInput): Promise<DataSet> {
    const slug = requireSlug(input.slug);
    const pairs = parsePairs(input.pairs.map(withoutNull));
    const description = input.description ?? undefined;
    return toDataSet(await createDataSet(this.#database, { slug, name: input.name ?? slug, description, pairs }));
  }

  /** The pairs that a spec calls by the slug of their data set. Throws `UnknownDataSetError`. */
  async resolve(slug: string): Promise<{ row: DataSetRow; pairs: PairSpec[] }> {
    const row = await findDataSetBySlug(this.#database, slug);
    if (row === undefined)
      throw new UnknownDataSetError(
        slug,
        (await listDataSets(this.#database)).map((set) => set.slug),
      );
    return { row, pairs: await this.#pairsOf(row.id) };
  }

  /** The pairs as a file. Throws `DataSetNotFoundError`. */
  async file(id: string, format: PairFormat): Promise<string> {
    if ((await findDataSet(this.#database, id)) === undefined) throw new DataSetNotFoundError(id);
    return formatPairs(await this.#pairsOf(id), format);
  }

  async #pairsOf(id: string): Promise<PairSpec[]> {
    const rows = await listPairs(this.#database, id);
    const given = rows.map(({ clean, corrupted, answer, distractor, roles }) => ({
      ...{ clean, corrupted, answer, distractor, roles },
    }));
    return parsePairs(given.map(withoutNull));
  }

  async pairs(
    dataSetId: string,
    page: { first?: number | null; after?: string | null },
  ): Promise<Connection<DataSetPair>> {
    const rows = await listPairs(this.#database, dataSetId);
    const start = typeof page.after === 'string' ? Number(decodeCursor('PAIR', page.after)) + 1 : 0;
    const shown = rows.slice(start, start + pageSize(page.first, 20));
    const edges = shown.map((row) => ({ cursor: encodeCursor('PAIR', row.index), node: toPair(row) }));
    return connection(edges, { before: Math.min(start, rows.length), totalCount: rows.length });
  }
}

function toDataSet({ id, slug, name, description, pairCount, createdAt }: DataSetRow): DataSet {
  return { id, slug, name, description, size: pairCount, createdAt };
}

function toPair(row: Omit<DataSetPair, 'cleanText' | 'corruptedText'>): DataSetPair {
  const { index, clean, corrupted, answer, distractor, roles } = row;
  return {
    index,
    clean,
    corrupted,
    answer,
    distractor,
    roles,
    cleanText: promptText(clean),
    corruptedText: promptText(corrupted),
  };
}
