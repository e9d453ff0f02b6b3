/** What an experiment found: the study of its kind. */
import type { ComponentType } from 'react';
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { AttributionStudy } from '../attribution/attribution-study.tsx';
import { DirectionStudy } from '../directions/direction-study.tsx';
import { DiscoveryStudy } from '../discovery/discovery-study.tsx';
import { EdgeEffects } from '../edge-patching/edge-effects.tsx';
import { FaithfulnessStudy } from '../evaluation/faithfulness-study.tsx';
import { HeadScanStudy } from '../head-scan/head-scan-study.tsx';
import { PatchingStudy } from '../patching/patching-study.tsx';
import { SteeringStudy } from '../steering/steering-study.tsx';

type Study = ComponentType<{ experimentId: string }>;

const studies: Record<ExperimentKind, Study> = {
  ACTIVATION_PATCHING: PatchingStudy,
  ATTRIBUTION: AttributionStudy,
  EDGE_PATCHING: EdgeEffects,
  CIRCUIT_DISCOVERY: DiscoveryStudy,
  CIRCUIT_EVALUATION: FaithfulnessStudy,
  HEAD_SCAN: HeadScanStudy,
  DIRECTION: DirectionStudy,
  STEERING: SteeringStudy,
  GENERATION: SteeringStudy,
  ACTIVATIONS: ArraysAlone,
};

function ArraysAlone() {
  return <p>The arrays of the result are listed under Details; download them to work with them.</p>;
}

export function Findings({ experimentId, kind }: { experimentId: string; kind: ExperimentKind }) {
  const Study = studies[kind];
  return <Study experimentId={experimentId} />;
}
