import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { Bootstrap } from './bootstrap.type.ts';

/** The bootstrap of an attribution. */
@Resolver(() => Experiment)
export class BootstrapResolver {
  @FieldResolver(() => Bootstrap, {
    nullable: true,
    description: 'The bootstrap of an attribution; null where none was asked for and until it has succeeded.',
  })
  async bootstrap(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<Bootstrap | null> {
    const bootstrap = (await app.experiments.result(id))?.bootstrap;
    if (bootstrap === undefined) return null;
    return { ...bootstrap, top: bootstrap.top.map(({ edge: name, ...rest }) => ({ name, ...rest })) };
  }
}
