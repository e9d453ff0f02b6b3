import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { candidatesOf } from './candidates-of.ts';
import { DirectionCandidates } from './direction.type.ts';

/** The candidates of a direction experiment. */
@Resolver(() => Experiment)
export class DirectionCandidatesResolver {
  @FieldResolver(() => DirectionCandidates, {
    nullable: true,
    description: 'The candidates of a direction experiment; null for other kinds and until it has succeeded.',
  })
  async directionCandidates(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<DirectionCandidates | null> {
    const finding = await app.experiments.finding(id);
    return finding && candidatesOf(finding);
  }
}
