import { Arg, Authorized, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Connection } from '../relay/connection.ts';
import { CreateDataSetInput } from './data-set.input.ts';
import { DataSet, DataSetPairConnection, type DataSetPair } from './data-set.type.ts';

/** Queries and mutations on data sets. */
@Resolver(() => DataSet)
export class DataSetResolver {
  @Query(() => [DataSet], { description: 'All data sets by slug, then those that come with demur.' })
  dataSets(@Ctx() { app }: Context): Promise<DataSet[]> {
    return app.dataSets.list();
  }

  @Query(() => DataSet, { nullable: true, description: 'The data set with this slug.' })
  dataSet(@Arg('slug', () => String) slug: string, @Ctx() { app }: Context): Promise<DataSet | null> {
    return app.dataSets.bySlug(slug);
  }

  @Authorized('runner')
  @Mutation(() => DataSet, { description: 'Keeps a list of minimal pairs under a short name.' })
  createDataSet(
    @Arg('input', () => CreateDataSetInput) input: CreateDataSetInput,
    @Ctx() { app }: Context,
  ): Promise<DataSet> {
    return app.dataSets.create(input);
  }

  @FieldResolver(() => DataSetPairConnection, {
    description: 'The pairs in their order. One that comes with demur has some only for a model.',
  })
  pairs(
    @Root() dataSet: DataSet,
    @Ctx() { app }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('model', () => String, {
      nullable: true,
      description: 'Of one that comes with demur: the model, as a spec names it, that they are made for.',
    })
    model?: string | null,
  ): Promise<Connection<DataSetPair>> {
    return app.dataSets.pairs(dataSet.id, { first, after, model });
  }
}
