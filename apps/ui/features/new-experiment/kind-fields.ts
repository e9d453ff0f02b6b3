/** The options of each kind that the form has a field for, in its order; all others are written in JSON. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { circuitDiscovery } from './fields/discovery-fields.ts';
import { attribution, edgePatching } from './fields/edge-fields.ts';
import { circuitEvaluation } from './fields/evaluation-fields.ts';
import { headScan } from './fields/head-scan-fields.ts';
import { activationPatching, activations } from './fields/patching-fields.ts';
import { direction, generation, steering } from './fields/steering-fields.ts';
import type { OptionField } from './option-field.ts';

export const kindFields: Record<ExperimentKind, readonly OptionField[]> = {
  ACTIVATION_PATCHING: activationPatching,
  ATTRIBUTION: attribution,
  EDGE_PATCHING: edgePatching,
  CIRCUIT_DISCOVERY: circuitDiscovery,
  CIRCUIT_EVALUATION: circuitEvaluation,
  HEAD_SCAN: headScan,
  DIRECTION: direction,
  STEERING: steering,
  GENERATION: generation,
  ACTIVATIONS: activations,
};
