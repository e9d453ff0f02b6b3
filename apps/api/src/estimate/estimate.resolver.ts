import { GraphQLJSON } from 'graphql-scalars';
import { Arg, Authorized, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { CostEstimate } from './estimate.type.ts';

/** The query for what an experiment will cost. */
@Resolver()
export class EstimateResolver {
  @Authorized('runner')
  @Query(() => CostEstimate, {
    description:
      'What an experiment will take: seconds, bytes, shards, forward and backward tokens. Refuses what createExperiment refuses; queues nothing.',
  })
  estimate(@Arg('spec', () => GraphQLJSON) spec: unknown, @Ctx() { app }: Context): Promise<CostEstimate> {
    return app.estimates.of(spec);
  }
}
