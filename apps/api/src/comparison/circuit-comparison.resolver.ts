import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { CircuitComparison } from './circuit-comparison.type.ts';

/** The comparison of two circuits. */
@Resolver(() => CircuitComparison)
export class CircuitComparisonResolver {
  @Query(() => CircuitComparison, {
    description:
      'Two circuits side by side: overlap of the strongest edges, or of those in a chosen circuit, and rank correlation.',
  })
  compareCircuits(
    @Ctx() { app }: Context,
    @Arg('a', () => ID) a: string,
    @Arg('b', () => ID) b: string,
    @Arg('top', () => Int, { nullable: true, defaultValue: 1000 }) top: number,
  ): Promise<CircuitComparison> {
    return app.circuits.compare(a, b, top);
  }
}
