/** Experiments: from a spec to a row and a job, and back to what GraphQL shows. Running them is run-job.ts's part. */
import {
  countExperiments,
  createExperiment,
  ExperimentNotFoundError,
  ExperimentStatusError,
  findArtifact,
  findExperiment,
  findExperimentsBySpecHash,
  listArtifacts,
  listCompletions,
  listExperiments,
  readArtifact,
  type Database,
  type Experiment as ExperimentRow,
  type Jobs,
} from '@demur/db';
import {
  encodeSafetensors,
  parseSpec,
  prepareExperiment,
  specHash,
  specJsonSchema,
  type ExperimentSpec,
  type NamedArray,
  type PreparedExperiment,
  type ResultJson,
} from '@demur/interp';
import type { Completion } from '../completion/completion.type.ts';
import type { DataSets } from '../data-set/data-sets.ts';
import type { Directions } from '../direction/directions.ts';
import type { Models } from '../model/models.ts';
import type { Pair } from '../pair/pair.type.ts';
import { pairsOf } from '../pair/pairs-of.ts';
import { gridValues, mean, normalised } from '../patching-grid/grid-values.ts';
import { gridsOf } from '../patching-grid/grids-of.ts';
import type { PatchingGrid } from '../patching-grid/patching-grid.type.ts';
import type { Connection } from '../relay/connection.ts';
import { connection, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import type { ExperimentFilter } from './experiment.input.ts';
import type { ArrayInfo, Experiment, ExperimentProgress } from './experiment.type.ts';
import type { Finding } from './finding.ts';
import { followProgress } from './follow-progress.ts';
import { foundExperiment } from './found-experiment.ts';
import { toExperiment, toProgress } from './to-experiment.ts';

/** What experiments are made from and kept in. */
export interface ExperimentsOptions {
  database: Database;
  jobs: Jobs;
  models: Models;
  dataSets: DataSets;
  directions: Directions;
}

/** A page of experiments to list. */
export interface ExperimentPageOptions {
  first?: number | null;
  after?: string | null;
  filter?: ExperimentFilter | null;
}

export class Experiments {
  readonly #database: Database;
  readonly #jobs: Jobs;
  readonly #models: Models;
  readonly #dataSets: DataSets;
  readonly #directions: Directions;

  constructor({ database, jobs, models, dataSets, directions }: ExperimentsOptions) {
    this.#database = database;
    this.#jobs = jobs;
    this.#models = models;
    this.#dataSets = dataSets;
    this.#directions = directions;
  }

  async byId(id: string): Promise<Experiment | null> {
    const row = await findExperiment(this.#database, id);
    return row === undefined ? null : toExperiment(row);
  }

  /** Newest first. */
  async list(options: ExperimentPageOptions): Promise<Connection<Experiment>> {
    const filter = rowFilter(options.filter);
    const after = typeof options.after === 'string' ? decodeCursor('EXPERIMENT', options.after) : undefined;
    const page = await listExperiments(this.#database, { first: pageSize(options.first, 20), after, filter });
    const totalCount = await countExperiments(this.#database, filter);
    const edges = page.items.map((row) => ({ cursor: encodeCursor('EXPERIMENT', row.id), node: toExperiment(row) }));
    const { pageInfo, ...rest } = connection(edges, { before: 0, totalCount });
    return { ...rest, pageInfo: { ...pageInfo, hasNextPage: page.hasNextPage, hasPreviousPage: after !== undefined } };
  }

  specSchema(): object {
    return specJsonSchema();
  }

  /**
   * Checks a spec against its model and data set and queues it. A spec that waits, runs or has succeeded on the same
   * weights already is not run again: that experiment is given back. Throws the spec's, the pairs' or the model's error.
   */
  async create(json: unknown): Promise<Experiment> {
    const { spec, weightsSha256 } = await this.#check(parseSpec(json));
    const same = await findExperimentsBySpecHash(this.#database, specHash(spec));
    const known = same.find((row) => isOpen(row) || hasSucceededOn(row, weightsSha256));
    return toExperiment(known ?? (await this.#queue(spec)));
  }

  /** A spec with its model opened and its pairs read and checked; null for a model that is still to be downloaded. */
  async prepare(spec: ExperimentSpec): Promise<PreparedExperiment | null> {
    if (await this.#models.isToDownload(spec.model)) return null;
    return prepareExperiment(spec, this.#resolvers());
  }

  /** Queues the spec of an experiment once more. Throws `ExperimentNotFoundError`. */
  async rerun(id: string): Promise<Experiment> {
    const { spec } = await this.#check(parseSpec((await this.#row(id)).spec));
    return toExperiment(await this.#queue(spec));
  }

  /** Stops an experiment; one that has ended stays as it is. Throws `ExperimentNotFoundError`. */
  async cancel(id: string): Promise<Experiment> {
    try {
      return toExperiment(await this.#jobs.cancel(id));
    } catch (error) {
      if (!(error instanceof ExperimentStatusError)) throw error;
      return toExperiment(await this.#row(id));
    }
  }

  /** Where it stands now and every step until it has ended. Throws `ExperimentNotFoundError`. */
  async follow(id: string): Promise<AsyncIterable<ExperimentProgress>> {
    await this.#row(id);
    return followProgress(id, async () => toProgress(await this.#row(id)));
  }

  /** What `demur run` writes as result.json; null until it has succeeded. */
  async result(id: string): Promise<ResultJson | null> {
    return (await this.#row(id)).result as ResultJson | null;
  }

  /** The result with its arrays; null until it has succeeded. */
  async finding(id: string): Promise<Finding | null> {
    const result = await this.result(id);
    return result && { result, array: (name) => this.#array(id, name) };
  }

  async arrays(id: string): Promise<ArrayInfo[]> {
    return (await listArtifacts(this.#database, id)).map(({ name, shape }) => ({ name, shape }));
  }

  async pairs(id: string): Promise<Pair[]> {
    const result = await this.result(id);
    if (result === null) return [];
    const clean = (await this.#array(id, 'baseline.clean')) ?? (await this.#array(id, 'clean.metric'));
    const corrupted = (await this.#array(id, 'baseline.corrupted')) ?? (await this.#array(id, 'corrupted.metric'));
    return pairsOf(result, { clean, corrupted });
  }

  async patchingGrids(id: string, activations: string[] | null | undefined): Promise<PatchingGrid[]> {
    const result = await this.result(id);
    if (result?.kind !== 'activation-patching') return [];
    const shapes = new Map((await this.arrays(id)).map(({ name, shape }) => [name, shape]));
    const grids = gridsOf({ experimentId: id, result, shapes, baselines: await this.#baselines(id) });
    return grids.filter(({ activation }) => activations?.includes(activation) ?? true);
  }

  /** In the order of coefficients, then pairs. */
  async completions(id: string): Promise<Completion[]> {
    const rows = await listCompletions(this.#database, id);
    return rows.map(({ pairIndex, coefficient, tokens, text, finish }) => ({
      ...{ pair: pairIndex, coefficient, tokens, text, finish },
    }));
  }

  /** Throws `PairIndexError`. */
  async gridValues(grid: PatchingGrid, pair: number | null): Promise<(number | null)[][]> {
    return gridValues((await this.#array(grid.experimentId, grid.activation))!, pair);
  }

  async gridNormalised(grid: PatchingGrid, pair: number | null): Promise<(number | null)[][]> {
    const cells = await this.gridValues(grid, pair);
    return normalised(cells, await this.#baselines(grid.experimentId, pair));
  }

  /** The arrays as `demur run` writes them, byte for byte. Throws `ExperimentNotFoundError`. */
  async safetensors(id: string): Promise<Uint8Array> {
    await this.#row(id);
    const arrays: Record<string, NamedArray> = {};
    for (const artifact of await listArtifacts(this.#database, id))
      arrays[artifact.name] = await readArtifact(this.#database, artifact);
    return encodeSafetensors(arrays);
  }

  /**
   * Checks a spec against its model: the spec with the hashes of what its files hold, and the model's. The latter is null for
   * a model that the job downloads first, and checks then.
   */
  async #check(given: ExperimentSpec): Promise<{ spec: ExperimentSpec; weightsSha256: string | null }> {
    const prepared = await this.prepare(given);
    if (prepared === null) return { spec: given, weightsSha256: null };
    const { spec, source } = prepared;
    return { spec, weightsSha256: (await source.identity()).weightsSha256 };
  }

  async #row(id: string): Promise<ExperimentRow> {
    const row = await findExperiment(this.#database, id);
    if (row === undefined) throw new ExperimentNotFoundError(id);
    return row;
  }

  /** Row and job, both or neither. */
  async #queue(spec: ExperimentSpec): Promise<ExperimentRow> {
    const model = (await this.#models.bySlug(spec.model))?.id;
    const dataSet = typeof spec.pairs === 'string' ? spec.pairs : undefined;
    const kept = dataSet === undefined ? undefined : await this.#dataSets.resolve(dataSet);
    return this.#database.transaction(async (session) => {
      const row = await createExperiment(session, {
        ...{ spec, kind: spec.kind, specHash: specHash(spec), model: spec.model, modelId: model },
        ...{ dataSet, dataSetId: kept?.row.id },
      });
      await this.#jobs.enqueue(row.id, session);
      return row;
    });
  }

  #resolvers() {
    return {
      resolveModel: (name: string) => this.#models.pathHere(name),
      resolvePairs: async (slug: string) => (await this.#dataSets.resolve(slug))?.pairs,
      resolveFile: (file: string) => this.#models.allowedFile(file),
      resolveExperiment: (id: string) => foundExperiment(this.#database, id),
      resolveDirection: (slug: string) => this.#directions.place(slug),
    };
  }

  async #array(id: string, name: string): Promise<NamedArray | undefined> {
    const artifact = await findArtifact(this.#database, id, name);
    return artifact && readArtifact(this.#database, artifact);
  }

  /** Means over pairs, or the baselines of one pair. */
  async #baselines(id: string, pair: number | null = null): Promise<{ clean: number; corrupted: number }> {
    const of = async (name: string): Promise<number> => {
      const values = (await this.#array(id, name))!.values;
      return pair === null ? mean(values)! : values[pair]!;
    };
    return { clean: await of('baseline.clean'), corrupted: await of('baseline.corrupted') };
  }
}

function rowFilter(filter: ExperimentFilter | null | undefined) {
  const { kinds, statuses, model, dataSet, search } = filter ?? {};
  return {
    ...{ kinds: kinds ?? undefined, statuses: statuses ?? undefined, model: model ?? undefined },
    ...{ dataSet: dataSet ?? undefined, search: search ?? undefined },
  };
}

function isOpen({ status }: ExperimentRow): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

function hasSucceededOn({ status, record }: ExperimentRow, weightsSha256: string | null): boolean {
  return status === 'SUCCEEDED' && (record as ResultJson['record']).model.weightsSha256 === weightsSha256;
}
