import { GraphQLJSON } from 'graphql-scalars';
import {
  Arg,
  Authorized,
  Ctx,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { Circuit } from '../circuit/circuit.type.ts';
import { Completion } from '../completion/completion.type.ts';
import type { Context } from '../context.ts';
import { DataSet } from '../data-set/data-set.type.ts';
import { Model } from '../model/model.type.ts';
import { Pair } from '../pair/pair.type.ts';
import { PatchingGrid } from '../patching-grid/patching-grid.type.ts';
import type { Connection } from '../relay/connection.ts';
import { ExperimentFilter } from './experiment.input.ts';
import { ArrayInfo, Experiment, ExperimentConnection, ExperimentProgress } from './experiment.type.ts';

/** Queries, mutations and the subscription on experiments. */
@Resolver(() => Experiment)
export class ExperimentResolver {
  @Query(() => Experiment, { nullable: true, description: 'The experiment with this id.' })
  experiment(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Experiment | null> {
    return app.experiments.byId(id);
  }

  @Query(() => ExperimentConnection, { description: 'Experiments, newest first, a page at a time (first ≤ 1000).' })
  experiments(
    @Ctx() { app }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('filter', () => ExperimentFilter, { nullable: true }) filter?: ExperimentFilter | null,
  ): Promise<Connection<Experiment>> {
    return app.experiments.list({ first, after, filter });
  }

  @Query(() => GraphQLJSON, { description: 'The JSON schema of an experiment specification.' })
  specSchema(@Ctx() { app }: Context): object {
    return app.experiments.specSchema();
  }

  @Authorized('runner')
  @Mutation(() => Experiment, {
    description: 'Checks a specification and queues it. A bad one gives INVALID_SPEC with the path in the spec.',
  })
  createExperiment(@Arg('spec', () => GraphQLJSON) spec: unknown, @Ctx() { app }: Context): Promise<Experiment> {
    return app.experiments.create(spec);
  }

  @Authorized('runner')
  @Mutation(() => Experiment, {
    description: 'Stops an experiment that waits or runs; one that has ended stays as it is.',
  })
  cancelExperiment(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Experiment> {
    return app.experiments.cancel(id);
  }

  @Authorized('runner')
  @Mutation(() => Experiment, { description: 'Queues the same specification once more, as a new experiment.' })
  rerunExperiment(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Experiment> {
    return app.experiments.rerun(id);
  }

  @Subscription(() => ExperimentProgress, {
    description: 'Where the experiment stands now, then every step, until it has ended.',
    subscribe: ({ args, context }: { args: { id: string }; context: Context }) =>
      context.app.experiments.follow(args.id),
  })
  experimentProgress(@Arg('id', () => ID) _id: string, @Root() progress: ExperimentProgress): ExperimentProgress {
    return progress;
  }

  @FieldResolver(() => Model, {
    nullable: true,
    description: 'The registered model; null where the spec names a path.',
  })
  model(@Root() { modelId }: Experiment, @Ctx() { app }: Context): Promise<Model | null> {
    return modelId === null ? Promise.resolve(null) : app.models.byId(modelId);
  }

  @FieldResolver(() => DataSet, {
    nullable: true,
    description: 'The data set; null where the spec holds the pairs itself.',
  })
  dataSet(@Root() { dataSetId }: Experiment, @Ctx() { app }: Context): Promise<DataSet | null> {
    return dataSetId === null ? Promise.resolve(null) : app.dataSets.byId(dataSetId);
  }

  @FieldResolver(() => GraphQLJSON, {
    nullable: true,
    description:
      'How the result came about: hashes of model and tokenizer, backend, conventions, token ids, versions, seconds, peak bytes.',
  })
  async record(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<unknown> {
    return (await app.experiments.result(experiment.id))?.record ?? null;
  }

  @FieldResolver(() => GraphQLJSON, {
    nullable: true,
    description: 'What `demur run` writes as result.json; null until it has succeeded.',
  })
  result(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<unknown> {
    return app.experiments.result(experiment.id);
  }

  @FieldResolver(() => [ArrayInfo], { description: 'Names and shapes of the arrays of the result.' })
  arrays(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<ArrayInfo[]> {
    return app.experiments.arrays(experiment.id);
  }

  @FieldResolver(() => [Pair], {
    description: 'The pairs as they ran, with their tokens; empty until it has succeeded.',
  })
  pairs(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<Pair[]> {
    return app.experiments.pairs(experiment.id);
  }

  @FieldResolver(() => [PatchingGrid], {
    description: 'The grids of an activation-patching experiment; empty for other kinds and until it has succeeded.',
  })
  patchingGrids(
    @Root() experiment: Experiment,
    @Ctx() { app }: Context,
    @Arg('activations', () => [String], { nullable: true, description: 'Only these, such as `resid_pre`.' })
    activations?: string[] | null,
  ): Promise<PatchingGrid[]> {
    return app.experiments.patchingGrids(experiment.id, activations);
  }

  @FieldResolver(() => [Completion], {
    description:
      'What the model wrote, by coefficient, then pair; empty where no tokens were asked for and until it has succeeded.',
  })
  completions(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<Completion[]> {
    return app.experiments.completions(experiment.id);
  }

  @FieldResolver(() => Circuit, {
    nullable: true,
    description: 'The scored edges of an attribution; null for other kinds and until it has succeeded.',
  })
  circuit(@Root() experiment: Experiment, @Ctx() { app }: Context): Promise<Circuit | null> {
    return app.circuits.byExperiment(experiment.id);
  }
}
