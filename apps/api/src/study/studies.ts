/** Studies: from what is asked to a row and a job, and from the report to what is shown. Their experiments are Experiments' part. */
import { createHash } from 'node:crypto';
import {
  countStudies,
  findStudy,
  listStudies,
  listStudySteps,
  readStudyReport,
  requestStudy,
  StudyNotFoundError,
  StudyStatusError,
  type Database,
  type Jobs,
  type Session,
  type StudyHandler,
  type StudyInput,
  type StudySummary,
} from '@demur/db';
import { parseSpec } from '@demur/interp';
import { DemurError, openModelSource } from '@demur/model';
import {
  prepareStudy,
  reportHtml,
  runStudy,
  studies,
  studyOf,
  type StudyPlaces,
  type StudyReport as Report,
  type StudyRequest,
} from '@demur/studies';
import type { DataSets } from '../data-set/data-sets.ts';
import type { Experiments } from '../experiment/experiments.ts';
import { toExperiment } from '../experiment/to-experiment.ts';
import type { Models } from '../model/models.ts';
import type { Connection } from '../relay/connection.ts';
import { connection, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import { cancelOwnExperiments, ExperimentExecutor, type StudySurroundings } from './experiment-executor.ts';
import type { StudyReport } from './study-report.type.ts';
import type { CreateStudyInput, StudyFilter } from './study.input.ts';
import type { Study, StudyKind, StudyStep } from './study.type.ts';
import { toReport, toStudy } from './to-study.ts';

/** The report of a study that has none. */
class NoReportError extends DemurError {
  constructor({ id, status }: StudySummary) {
    super(
      'STUDY_WITHOUT_REPORT',
      `The study ${id} is ${status}, so that it has no report; one that has SUCCEEDED does`,
    );
  }
}

/** What studies are made from and kept in. */
export interface StudiesOptions {
  database: Database;
  jobs: Jobs;
  models: Models;
  dataSets: DataSets;
  experiments: Experiments;
}

/** A page of studies to list. */
export interface StudyPageOptions {
  first?: number | null;
  after?: string | null;
  filter?: StudyFilter | null;
}

export class Studies {
  readonly #database: Database;
  readonly #jobs: Jobs;
  readonly #models: Models;
  readonly #dataSets: DataSets;
  readonly #experiments: Experiments;

  constructor({ database, jobs, models, dataSets, experiments }: StudiesOptions) {
    this.#database = database;
    this.#jobs = jobs;
    this.#models = models;
    this.#dataSets = dataSets;
    this.#experiments = experiments;
  }

  kinds(): StudyKind[] {
    return Object.values(studies).map(({ name, title, question }) => ({ name, title, question }));
  }

  async byId(id: string): Promise<Study | null> {
    const row = await findStudy(this.#database, id);
    return row === undefined ? null : toStudy(row);
  }

  /** Newest first. */
  async list(options: StudyPageOptions): Promise<Connection<Study>> {
    const { names, statuses, model, dataSet } = options.filter ?? {};
    const filter = {
      ...{ names: names ?? undefined, statuses: statuses ?? undefined },
      ...{ model: model ?? undefined, dataSet: dataSet ?? undefined },
    };
    const after = typeof options.after === 'string' ? decodeCursor('STUDY', options.after) : undefined;
    const page = await listStudies(this.#database, { first: pageSize(options.first, 20), after, filter });
    const totalCount = await countStudies(this.#database, filter);
    const edges = page.items.map((row) => ({ cursor: encodeCursor('STUDY', row.id), node: toStudy(row) }));
    const { pageInfo, ...rest } = connection(edges, { before: 0, totalCount });
    return { ...rest, pageInfo: { ...pageInfo, hasNextPage: page.hasNextPage, hasPreviousPage: after !== undefined } };
  }

  /** Checks what is asked against its model and pairs and queues it. Throws the errors of models, data sets and pairs. */
  async create(input: CreateStudyInput): Promise<Study> {
    const [study] = await this.createAll([input]);
    return study!;
  }

  /** All of them are queued, in this order, or none is. Throws as `create` does. */
  async createAll(inputs: readonly CreateStudyInput[]): Promise<Study[]> {
    const checked: StudyInput[] = [];
    for (const input of inputs) checked.push(await this.#check(input));
    return this.#database.transaction(async (session) => {
      const rows: Study[] = [];
      for (const input of checked) rows.push(toStudy(await this.#queue(session, input)));
      return rows;
    });
  }

  /**
   * Stops a study, and the experiments that were made for it alone; one that has ended stays as it is.
   * Throws `StudyNotFoundError`.
   */
  async cancel(id: string): Promise<Study> {
    try {
      const study = await this.#jobs.studies.cancel(id);
      await cancelOwnExperiments(this.#surroundings(id));
      return toStudy(study);
    } catch (error) {
      if (!(error instanceof StudyStatusError)) throw error;
      return toStudy(await this.#row(id));
    }
  }

  /** The steps that it has begun, in their order. */
  async steps(id: string): Promise<StudyStep[]> {
    const steps = await listStudySteps(this.#database, id);
    return steps.map(({ name, title, experiment }) => ({ name, title, experiment: toExperiment(experiment) }));
  }

  /** Null until it has succeeded. */
  async shownReport(id: string): Promise<StudyReport | null> {
    const report = (await readStudyReport(this.#database, id)) as Report | null;
    return report && toReport(report);
  }

  /** The report as `demur study` writes it. Throws `StudyNotFoundError`, `NoReportError`. */
  async json(id: string): Promise<string> {
    return `${JSON.stringify(await this.#report(id), null, 1)}\n`;
  }

  /** The report as a page that stands alone. Throws `StudyNotFoundError`, `NoReportError`. */
  async html(id: string): Promise<string> {
    return reportHtml(await this.#report(id));
  }

  /** The handler of the queue. What it throws ends the study as FAILED. */
  handler(): StudyHandler {
    return async ({ id, name, model, dataSet, options }, { signal }) => {
      const places = { ...this.#places(), resolveModel: (own: string) => this.#models.pathOf(own, { signal }), signal };
      const given = await prepareStudy({ model, pairs: dataSet, seed: options.seed }, places);
      return runStudy(studyOf(name), given, new ExperimentExecutor(this.#surroundings(id)), {
        signal,
        evenIfMixed: options.evenIfMixed,
      });
    };
  }

  async #check({ name, model, dataSet, seed, evenIfMixed }: CreateStudyInput): Promise<StudyInput> {
    studyOf(name);
    const { pairs } = parseSpec({ kind: 'attribution', model, pairs: dataSet, seed });
    const kept = await this.#dataSets.resolve(dataSet);
    const options = { seed, evenIfMixed };
    return {
      ...{ name, model, modelId: (await this.#models.bySlug(model))?.id, dataSet, dataSetId: kept?.row.id, options },
      hash: hashOf([name, await this.#identify({ model, pairs, seed }), dataSet, seed, evenIfMixed]),
    };
  }

  /** Hashes of the model, whose pairs were made; the name of one that the job downloads, and makes the pairs for. */
  async #identify(request: StudyRequest): Promise<unknown> {
    if (await this.#models.isToDownload(request.model)) return request.model;
    await prepareStudy(request, { ...this.#places(), resolveModel: (name) => this.#models.pathHere(name) });
    const source = await openModelSource(await this.#models.pathHere(request.model));
    const { weightsSha256, tokenizerSha256, chatTemplateSha256 } = await source.identity();
    return [weightsSha256, tokenizerSha256, chatTemplateSha256];
  }

  #surroundings(studyId: string): StudySurroundings {
    return { studyId, database: this.#database, experiments: this.#experiments };
  }

  #places(): StudyPlaces {
    return { resolvePairs: async (slug) => (await this.#dataSets.resolve(slug))?.pairs };
  }

  async #queue(session: Session, input: StudyInput): Promise<StudySummary> {
    const { study, isNew } = await requestStudy(session, input);
    if (isNew) await this.#jobs.studies.enqueue(study.id, session);
    return study;
  }

  async #row(id: string): Promise<StudySummary> {
    const row = await findStudy(this.#database, id);
    if (row === undefined) throw new StudyNotFoundError(id);
    return row;
  }

  async #report(id: string): Promise<Report> {
    const report = (await readStudyReport(this.#database, id)) as Report | null;
    if (report === null) throw new NoReportError(await this.#row(id));
    return report;
  }
}

function hashOf(identity: unknown): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
