import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import type { Connection } from '../relay/connection.ts';
import { EdgeEffectConnection, EdgeEffectOrder, type EdgeEffect } from './edge-effect.type.ts';
import { effectPage } from './effect-page.ts';

/** The effects of an edge patching. */
@Resolver(() => Experiment)
export class EdgeEffectResolver {
  @FieldResolver(() => EdgeEffectConnection, {
    nullable: true,
    description:
      'The exact effects of an edge patching, a page at a time (first ≤ 1000); null for other kinds and until it has succeeded.',
  })
  async edgeEffects(
    @Root() { id }: Experiment,
    @Ctx() { app }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('orderBy', () => EdgeEffectOrder, {
      nullable: true,
      defaultValue: EdgeEffectOrder.ABSOLUTE_EFFECT_DESC,
    })
    orderBy: EdgeEffectOrder,
  ): Promise<Connection<EdgeEffect> | null> {
    const finding = await app.experiments.finding(id);
    return finding && effectPage(finding, { first, after, orderBy });
  }
}
