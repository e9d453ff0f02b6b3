/** Names of studies, and the list's filter as it stands in the address. */
import { known } from '../../client/url-choice.ts';
import type { ExperimentStatus, StudyFilter, StudyName } from '../../graphql/graphql.ts';
import { statusNames } from '../experiments/kinds.ts';

/** As the command writes them; what each is about, the server says. */
export const studyNames: Record<StudyName, string> = {
  OBJECT_PATCHING: 'object-patching',
  LAYER_CURVE: 'layer-curve',
  EAP_HEADS: 'eap-heads',
  ACDCPP: 'acdcpp',
  REFUSAL_HEADS: 'refusal-heads',
  GEMMA_REPLICATION: 'gemma-replication',
};

/** Reads `?name=&status=&model=`; a value that names nothing is left out. */
export function studyFilter(params: URLSearchParams): StudyFilter {
  return {
    names: known<StudyName>(params.get('name'), studyNames),
    statuses: known<ExperimentStatus>(params.get('status'), statusNames),
    model: params.get('model') ?? undefined,
  };
}
