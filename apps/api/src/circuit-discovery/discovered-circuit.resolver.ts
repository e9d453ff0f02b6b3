import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { DiscoveredCircuit } from './discovered-circuit.type.ts';
import { discoveryOf } from './discovery-of.ts';

/** The circuit that a discovery found, in numbers. */
@Resolver(() => Experiment)
export class DiscoveredCircuitResolver {
  @FieldResolver(() => DiscoveredCircuit, {
    nullable: true,
    description: 'What a circuit discovery found; null for other kinds and until it has succeeded.',
  })
  async discoveredCircuit(@Root() { id }: Experiment, @Ctx() { app }: Context): Promise<DiscoveredCircuit | null> {
    const finding = await app.experiments.finding(id);
    return finding && discoveryOf(finding);
  }
}
