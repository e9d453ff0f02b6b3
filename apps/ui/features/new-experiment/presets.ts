/** Settings that a kind is often run with, by a name; what they leave out is as the form begins. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import type { OptionValues } from './option-field.ts';

export const presets: Partial<Record<ExperimentKind, Readonly<Record<string, OptionValues>>>> = {
  ACTIVATION_PATCHING: {
    'Layers by tokens': {},
    'Every head': { activations: ['z'], positions: 'all' },
  },
  ATTRIBUTION: {
    'EAP alone': {},
    'EAP-IG, with intervals and a check': { method: 'eap-ig', bootstrap: '100', checkExact: '50' },
  },
  CIRCUIT_DISCOVERY: {
    '200 edges, greedily': { n: '200' },
    'ACDC++ of the top 2,000': { method: 'acdc++', tau: '0.01', pruneTo: '2000' },
  },
  CIRCUIT_EVALUATION: {
    'As the MIB benchmark': {},
    'With completeness': { completeness: true },
  },
  HEAD_SCAN: {
    'All above the threshold': {},
    'The 10 strongest': { 'choice.way': 'top', top: '10' },
  },
};
