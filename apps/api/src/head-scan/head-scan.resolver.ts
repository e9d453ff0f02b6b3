import { Arg, Ctx, FieldResolver, Float, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { HeadScan } from './head-scan.type.ts';
import { headScores, scanOf } from './scan-of.ts';

/** What a head scan found, as a field of its experiment. */
@Resolver(() => Experiment)
export class ExperimentHeadScanResolver {
  @FieldResolver(() => HeadScan, {
    nullable: true,
    description: 'What a head scan found; null for other kinds and until it has succeeded.',
  })
  async headScan(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<HeadScan | null> {
    const finding = await app.experiments.finding(id);
    return finding && scanOf(id, finding);
  }
}

/** The scores of a head scan: read from the arrays only where asked for. */
@Resolver(() => HeadScan)
export class HeadScanResolver {
  @FieldResolver(() => [[Float]], {
    nullable: 'items',
    description:
      'Refusal scores [layer][head]: the mean over pairs, or one pair on the scale of the means; null in layers that were not scanned.',
  })
  async scores(
    @Root() { experimentId }: HeadScan,
    @Ctx() { app }: Context,
    @Arg('pair', () => Int, { nullable: true, description: 'Only this pair instead of the mean.' })
    pair?: number | null,
  ): Promise<(number | null)[][]> {
    return headScores((await app.experiments.finding(experimentId))!, pair ?? null);
  }
}
