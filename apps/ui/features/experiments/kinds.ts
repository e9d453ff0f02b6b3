/** Names of kinds and states as people read them, the question that each kind answers, and how a spec writes a kind. */
import type { ExperimentKind, ExperimentStatus } from '../../graphql/graphql.ts';

/** In the order in which one would use them. */
export const kindNames: Record<ExperimentKind, string> = {
  ACTIVATION_PATCHING: 'Activation patching',
  ATTRIBUTION: 'Attribution',
  EDGE_PATCHING: 'Edge patching',
  CIRCUIT_DISCOVERY: 'Circuit discovery',
  CIRCUIT_EVALUATION: 'Circuit evaluation',
  HEAD_SCAN: 'Head scan',
  DIRECTION: 'Direction',
  STEERING: 'Steering',
  GENERATION: 'Generation',
  ACTIVATIONS: 'Activations',
};

export const kindQuestions: Record<ExperimentKind, string> = {
  ACTIVATION_PATCHING: 'Where does the decision sit? One activation at a time goes from one run into the other.',
  ATTRIBUTION: 'Which edges carry it? Every edge of the model gets a score by EAP, from two forwards and one backward.',
  EDGE_PATCHING: 'What does an edge really do? Each edge is corrupted alone, and the change of the metric measured.',
  CIRCUIT_DISCOVERY: 'Which few edges are enough? A circuit is chosen by scores, or found edge by edge (ACDC).',
  CIRCUIT_EVALUATION: 'How much does a circuit keep? It runs alone, all other edges ablated: faithfulness by size.',
  HEAD_SCAN: 'Which heads write it? Every head is patched, and the strongest are tried together.',
  DIRECTION:
    'What separates the two sides? Mean differences of the residual stream, and what ablating or adding them does.',
  STEERING: 'What does a direction do? It is added to the residual stream, or projected out, while the model writes.',
  GENERATION: 'What does the model write? Its own completion of every prompt.',
  ACTIVATIONS: 'The raw numbers at hooks of your choice, for your own analysis.',
};

/** ACTIVATION_PATCHING is `activation-patching` in a spec. */
export const specKind = (kind: ExperimentKind): string => kind.toLowerCase().replaceAll('_', '-');

export const statusNames: Record<ExperimentStatus, string> = {
  QUEUED: 'Queued',
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
};

export const isActive = (status: ExperimentStatus): boolean => status === 'QUEUED' || status === 'RUNNING';
