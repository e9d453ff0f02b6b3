/** The GraphQL schema, built from the decorated classes. Not the server: that is server.ts. */
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { BootstrapResolver } from './bootstrap/bootstrap.resolver.ts';
import { CircuitResolver } from './circuit/circuit.resolver.ts';
import { DiscoveredCircuitResolver } from './circuit-discovery/discovered-circuit.resolver.ts';
import { CircuitComparisonResolver } from './comparison/circuit-comparison.resolver.ts';
import { DataSetResolver } from './data-set/data-set.resolver.ts';
import { DirectionCandidatesResolver } from './direction/direction-candidates.resolver.ts';
import { DirectionResolver } from './direction/direction.resolver.ts';
import { EdgeEffectResolver } from './edge-effect/edge-effect.resolver.ts';
import { EstimateResolver } from './estimate/estimate.resolver.ts';
import { ExactCheckResolver } from './exact-check/exact-check.resolver.ts';
import { ExperimentResolver } from './experiment/experiment.resolver.ts';
import { progressChannel } from './experiment/progress-channel.ts';
import { FaithfulnessCurveResolver } from './faithfulness-curve/faithfulness-curve.resolver.ts';
import { ExperimentHeadScanResolver, HeadScanResolver } from './head-scan/head-scan.resolver.ts';
import { ModelResolver } from './model/model.resolver.ts';
import { ModelCheckResolver } from './model-check/model-check.resolver.ts';
import { PatchingGridResolver } from './patching-grid/patching-grid.resolver.ts';
import { SteeringSweepResolver } from './steering-sweep/steering-sweep.resolver.ts';
import { StudyResolver } from './study/study.resolver.ts';
import type { Context } from './context.ts';
import { hasRole, type Role } from './roles.ts';

/** The whole schema; roles are checked before a field with `@Authorized` resolves. */
export function createSchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [
      BootstrapResolver,
      CircuitResolver,
      CircuitComparisonResolver,
      DataSetResolver,
      DirectionCandidatesResolver,
      DirectionResolver,
      DiscoveredCircuitResolver,
      EdgeEffectResolver,
      EstimateResolver,
      ExactCheckResolver,
      ExperimentHeadScanResolver,
      ExperimentResolver,
      FaithfulnessCurveResolver,
      HeadScanResolver,
      ModelResolver,
      ModelCheckResolver,
      PatchingGridResolver,
      SteeringSweepResolver,
      StudyResolver,
    ],
    authChecker: ({ context }: { context: Context }, roles: Role[]) => hasRole(context.role, roles),
    pubSub: progressChannel,
    validate: false,
  });
}
