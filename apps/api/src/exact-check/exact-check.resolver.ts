import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { checkOf } from './check-of.ts';
import { ExactCheck } from './exact-check.type.ts';

/** The check of an attribution. */
@Resolver(() => Experiment)
export class ExactCheckResolver {
  @FieldResolver(() => ExactCheck, {
    nullable: true,
    description: 'The exact check of an attribution; null where none was asked for and until it has succeeded.',
  })
  async exactCheck(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<ExactCheck | null> {
    return checkOf(await app.experiments.result(id));
  }
}
