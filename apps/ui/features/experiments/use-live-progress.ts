'use client';
/** Progress of an experiment: what the page was given, then every step that the server tells. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useSubscription } from '../../client/use-subscription.ts';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import {
  ExperimentProgressDocument,
  ProgressStepFragmentDoc,
  type ProgressStepFragment,
} from '../../graphql/graphql.ts';
import { isActive } from './kinds.ts';

/** When the experiment ends, everything on the page is read again: it has results now. */
export function useLiveProgress(given: FragmentType<typeof ProgressStepFragmentDoc>): ProgressStepFragment {
  const initial = readFragment(ProgressStepFragmentDoc, given);
  const [heard, setHeard] = useState<ProgressStepFragment>();
  const cache = useQueryClient();
  useSubscription(ExperimentProgressDocument, {
    variables: { id: initial.experimentId },
    enabled: isActive(initial.status),
    onNext: ({ experimentProgress }) => setHeard(readFragment(ProgressStepFragmentDoc, experimentProgress)),
    onEnd: () => void cache.invalidateQueries(),
  });
  const current = heard?.experimentId === initial.experimentId ? heard : initial;
  return isActive(initial.status) ? current : initial;
}
