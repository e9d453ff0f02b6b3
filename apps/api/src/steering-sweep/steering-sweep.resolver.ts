import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { SteeringSweep } from './steering-sweep.type.ts';
import { sweepOf } from './sweep-of.ts';

/** The sweep of a steering. */
@Resolver(() => Experiment)
export class SteeringSweepResolver {
  @FieldResolver(() => SteeringSweep, {
    nullable: true,
    description: 'The metric over the coefficients of a steering; null for other kinds and until it has succeeded.',
  })
  async steeringSweep(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<SteeringSweep | null> {
    const finding = await app.experiments.finding(id);
    return finding && sweepOf(finding);
  }
}
