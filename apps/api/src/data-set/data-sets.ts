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
import type { Models } from '../model/models.ts';
import type { Connection } from '../relay/connection.ts';
import { connection, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import { requireSlug } from '../slug.ts';
import {
  builtInDataSet,
  builtInDataSets,
  builtInName,
  builtInPairsFor,
  BuiltInSlugError,
} from './built-in-data-sets.ts';
import type { CreateDataSetInput, PairInput } from './data-set.input.ts';
import type { DataSet, DataSetPair } from './data-set.type.ts';
import { parsePairs } from './parse-pairs.ts';
import { promptText } from './prompt-text.ts';

/** A name in a spec that no data set has. */
export class UnknownDataSetError extends DemurError {
  constructor(slug: string, slugs: string[]) {
    super(
      'UNKNOWN_DATA_SET',
      `"${slug}" is not a data set (there are ${slugs.join(', ')}); create it with createDataSet or give the pairs themselves`,
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

/** A page of a data set's pairs. */
interface PairPage {
  first?: number | null;
  after?: string | null;
  /** Whom the pairs of a built-in one are made for. */
  model?: string | null | undefined;
}

export class DataSets {
  readonly #database: Database;
  readonly #models: Pick<Models, 'pathHere'>;

  constructor(database: Database, models: Pick<Models, 'pathHere'>) {
    this.#database = database;
    this.#models = models;
  }

  /** Those of the database first: one of them hides a built-in one of its name, which older databases may have. */
  async list(): Promise<DataSet[]> {
    const kept = (await listDataSets(this.#database)).map(toDataSet);
    return [...kept, ...builtInDataSets().filter(({ slug }) => kept.every((own) => own.slug !== slug))];
  }

  async byId(id: string): Promise<DataSet | null> {
    const name = builtInName(id);
    if (name !== null) return builtInDataSet(name);
    const row = await findDataSet(this.#database, id);
    return row === undefined ? null : toDataSet(row);
  }

  async bySlug(slug: string): Promise<DataSet | null> {
    const row = await findDataSetBySlug(this.#database, slug);
    return row === undefined ? builtInDataSet(slug) : toDataSet(row);
  }

  /** Checks the form of every pair and keeps them. Whether tokens fit is known only with a model, when they run. */
  async create(input: CreateDataSetInput): Promise<DataSet> {
    const slug = requireSlug(input.slug);
    if (builtInDataSet(slug) !== null) throw new BuiltInSlugError(slug);
    const pairs = parsePairs(input.pairs.map(withoutNull));
    const description = input.description ?? undefined;
    return toDataSet(await createDataSet(this.#database, { slug, name: input.name ?? slug, description, pairs }));
  }

  /** The pairs that a spec calls by the slug of their data set; undefined for one that comes with demur. Throws `UnknownDataSetError`. */
  async resolve(slug: string): Promise<{ row: DataSetRow; pairs: PairSpec[] } | undefined> {
    const row = await findDataSetBySlug(this.#database, slug);
    if (row !== undefined) return { row, pairs: await this.#pairsOf(row.id) };
    if (builtInDataSet(slug) !== null) return undefined;
    throw new UnknownDataSetError(
      slug,
      (await this.list()).map((set) => set.slug),
    );
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

  async pairs(id: string, page: PairPage): Promise<Connection<DataSetPair>> {
    const all = await this.#shownPairs(id, page.model ?? null);
    const start = typeof page.after === 'string' ? Number(decodeCursor('PAIR', page.after)) + 1 : 0;
    const shown = all.slice(start, start + pageSize(page.first, 20));
    const edges = shown.map((pair) => ({ cursor: encodeCursor('PAIR', pair.index), node: toPair(pair) }));
    return connection(edges, { before: Math.min(start, all.length), totalCount: all.length });
  }

  async #shownPairs(id: string, model: string | null): Promise<GivenPair[]> {
    const name = builtInName(id);
    if (name === null) return listPairs(this.#database, id);
    if (model === null) return [];
    const made = await builtInPairsFor(name, await this.#models.pathHere(model));
    return made.map((pair, index) => ({ ...pair, index, roles: pair.roles ?? null }));
  }
}

type GivenPair = Omit<DataSetPair, 'cleanText' | 'corruptedText'>;

function toDataSet({ id, slug, name, description, pairCount, createdAt }: DataSetRow): DataSet {
  return { id, slug, name, description, size: pairCount, createdAt, isBuiltIn: false };
}

function toPair({ index, clean, corrupted, answer, distractor, roles }: GivenPair): DataSetPair {
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
