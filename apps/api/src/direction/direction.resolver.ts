import { Arg, Authorized, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { NameDirectionInput } from './direction.input.ts';
import { Direction } from './direction.type.ts';

/** Queries and the mutation on directions. */
@Resolver(() => Direction)
export class DirectionResolver {
  @Query(() => [Direction], { description: 'All directions that have a name, by it.' })
  directions(@Ctx() { app }: Context): Promise<Direction[]> {
    return app.directions.list();
  }

  @Query(() => Direction, { nullable: true, description: 'The direction with this slug.' })
  direction(@Arg('slug', () => String) slug: string, @Ctx() { app }: Context): Promise<Direction | null> {
    return app.directions.bySlug(slug);
  }

  @Authorized('runner')
  @Mutation(() => Direction, { description: 'Gives a direction that an experiment found a name for other specs.' })
  nameDirection(
    @Arg('input', () => NameDirectionInput) input: NameDirectionInput,
    @Ctx() { app }: Context,
  ): Promise<Direction> {
    return app.directions.name(input);
  }

  @FieldResolver(() => Experiment, { description: 'The experiment that found it.' })
  async experiment(@Root() { experimentId }: Direction, @Ctx() { app }: Context): Promise<Experiment> {
    return (await app.experiments.byId(experimentId))!;
  }
}
