import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Circuit } from '../circuit/circuit.type.ts';
import type { Context } from '../context.ts';
import { DataSet } from '../data-set/data-set.type.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { Model } from '../model/model.type.ts';
import type { Connection } from '../relay/connection.ts';
import { StudyReport } from './study-report.type.ts';
import { CreateStudyInput, StudyFilter } from './study.input.ts';
import { Study, StudyConnection, StudyKind, StudyStep } from './study.type.ts';

/** Queries and mutations on studies. */
@Resolver(() => Study)
export class StudyResolver {
  @Query(() => [StudyKind], { description: 'The studies that can be asked for.' })
  studyKinds(@Ctx() { app }: Context): StudyKind[] {
    return app.studies.kinds();
  }

  @Query(() => Study, { nullable: true, description: 'The study with this id.' })
  study(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Study | null> {
    return app.studies.byId(id);
  }

  @Query(() => StudyConnection, { description: 'Studies, newest first, a page at a time (first ≤ 1000).' })
  studies(
    @Ctx() { app }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('filter', () => StudyFilter, { nullable: true }) filter?: StudyFilter | null,
  ): Promise<Connection<Study>> {
    return app.studies.list({ first, after, filter });
  }

  @Authorized('runner')
  @Mutation(() => Study, {
    description:
      'Checks the model and the pairs and queues a study. The same study of the same model and pairs that waits, runs or has succeeded is given back instead.',
  })
  createStudy(@Arg('input', () => CreateStudyInput) input: CreateStudyInput, @Ctx() { app }: Context): Promise<Study> {
    return app.studies.create(input);
  }

  @Authorized('runner')
  @Mutation(() => Study, {
    description:
      'Stops a study that waits or runs, with the experiment that it waits for; one that has ended stays as it is.',
  })
  cancelStudy(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Study> {
    return app.studies.cancel(id);
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The registered model; null where a path was named.' })
  async model(@Root() { modelId }: Study, @Ctx() { app }: Context): Promise<Model | null> {
    return modelId === null ? null : app.models.byId(modelId);
  }

  @FieldResolver(() => DataSet, { nullable: true, description: 'The data set; null where it is gone.' })
  async dataSet(@Root() { dataSetId }: Study, @Ctx() { app }: Context): Promise<DataSet | null> {
    return dataSetId === null ? null : app.dataSets.byId(dataSetId);
  }

  @FieldResolver(() => [StudyStep], { description: 'The steps that it has begun, in their order.' })
  steps(@Root() { id }: Study, @Ctx() { app }: Context): Promise<StudyStep[]> {
    return app.studies.steps(id);
  }

  @FieldResolver(() => [Experiment], { description: 'The experiments of its steps, in their order.' })
  async experiments(@Root() { id }: Study, @Ctx() { app }: Context): Promise<Experiment[]> {
    return (await app.studies.steps(id)).map(({ experiment }) => experiment);
  }

  @FieldResolver(() => [Circuit], { description: 'The circuits that its experiments have found, in their order.' })
  async circuits(@Root() { id }: Study, @Ctx() { app }: Context): Promise<Circuit[]> {
    const steps = await app.studies.steps(id);
    const found = await Promise.all(steps.map(({ experiment }) => app.circuits.byExperiment(experiment.id)));
    return found.filter((circuit) => circuit !== null);
  }

  @FieldResolver(() => StudyReport, { nullable: true, description: 'What it has found; null until it has succeeded.' })
  report(@Root() { id }: Study, @Ctx() { app }: Context): Promise<StudyReport | null> {
    return app.studies.shownReport(id);
  }
}
