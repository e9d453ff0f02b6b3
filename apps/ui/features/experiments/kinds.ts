/** Names of kinds and states as people read them, and as a spec writes them. */
import type { ExperimentKind, ExperimentStatus } from '../../graphql/graphql.ts';

export const kindNames: Record<ExperimentKind, string> = {
  ACTIVATION_PATCHING: 'Activation patching',
  ATTRIBUTION: 'Attribution',
  ACTIVATIONS: 'Activations',
  EDGE_PATCHING: 'Edge patching',
  CIRCUIT_DISCOVERY: 'Circuit discovery',
  CIRCUIT_EVALUATION: 'Circuit evaluation',
  HEAD_SCAN: 'Head scan',
  DIRECTION: 'Direction',
  STEERING: 'Steering',
  GENERATION: 'Generation',
};

export const statusNames: Record<ExperimentStatus, string> = {
  QUEUED: 'Queued',
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
};

export const isActive = (status: ExperimentStatus): boolean => status === 'QUEUED' || status === 'RUNNING';
