import { GraphQLJSON } from 'graphql-scalars';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { CostEstimate } from './cost-estimate.type.ts';

/** The cost of a run before it runs. */
@Resolver(() => CostEstimate)
export class CostEstimateResolver {
  @Query(() => CostEstimate, { description: 'What running this spec would cost. Nothing is run or kept.' })
  estimate(@Arg('spec', () => GraphQLJSON) spec: unknown, @Ctx() { app }: Context): Promise<CostEstimate> {
    return app.experiments.estimate(spec);
  }
}
