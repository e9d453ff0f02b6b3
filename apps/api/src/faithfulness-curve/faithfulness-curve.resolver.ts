import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { curveOf } from './curve-of.ts';
import { FaithfulnessCurve } from './faithfulness-curve.type.ts';

/** The curve of a circuit evaluation. */
@Resolver(() => Experiment)
export class FaithfulnessCurveResolver {
  @FieldResolver(() => FaithfulnessCurve, {
    nullable: true,
    description:
      'The faithfulness that a circuit evaluation measured; null for other kinds and until it has succeeded.',
  })
  async faithfulnessCurve(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<FaithfulnessCurve | null> {
    const finding = await app.experiments.finding(id);
    return finding && curveOf(finding);
  }
}
