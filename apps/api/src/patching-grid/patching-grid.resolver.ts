import { Arg, Ctx, FieldResolver, Float, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { PatchingGrid } from './patching-grid.type.ts';

/** The numbers of a patching grid: read from the arrays only where asked for. */
@Resolver(() => PatchingGrid)
export class PatchingGridResolver {
  @FieldResolver(() => [[Float]], {
    nullable: 'items',
    description:
      'The metric after patching, [row][column]: the mean over the pairs that have the cell, or one pair; null where none has it.',
  })
  values(
    @Root() grid: PatchingGrid,
    @Ctx() { app }: Context,
    @Arg('pair', () => Int, { nullable: true, description: 'Only this pair instead of the mean.' })
    pair?: number | null,
  ): Promise<(number | null)[][]> {
    return app.experiments.gridValues(grid, pair ?? null);
  }

  @FieldResolver(() => [[Float]], {
    nullable: 'items',
    description:
      '(value − corrupted) / (clean − corrupted) of the baselines: 0 as corrupted, 1 as clean. null where the baselines are equal.',
  })
  normalised(
    @Root() grid: PatchingGrid,
    @Ctx() { app }: Context,
    @Arg('pair', () => Int, {
      nullable: true,
      description: 'Only this pair, by its own baselines, instead of the mean.',
    })
    pair?: number | null,
  ): Promise<(number | null)[][]> {
    return app.experiments.gridNormalised(grid, pair ?? null);
  }
}
