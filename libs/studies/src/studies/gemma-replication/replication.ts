/** What all parts of the replication share: the study under way, its pairs, and those it finds with and tests on. */
import type { ResolvedPair } from '@demur/interp';
import { pairHalves, pairSpecOf, type PairHalves } from '../../pair-specs.ts';
import type { StepSpec, StudyFinding, StudyRun } from '../../study.ts';
import { promptPlaces, type PromptPlaces } from '../../prompt-places.ts';
import type { StepName } from './steps.ts';

export interface Replication extends Pick<StudyRun, 'given' | 'refusal'> {
  step: (name: StepName, spec: StepSpec) => Promise<StudyFinding>;
  /** What specs over all pairs ask for. */
  pairs: StepSpec['pairs'];
  halves: PairHalves;
  places: PromptPlaces;
}

/** @param pairs those of the study that are used. */
export function replicationOf({ given, refusal, step }: StudyRun, pairs: readonly ResolvedPair[]): Replication {
  const isAll = pairs.length === given.dataSet.pairs.length;
  return {
    ...{ given, refusal, step },
    pairs: isAll ? given.pairs : pairs.map(pairSpecOf),
    halves: pairHalves(pairs),
    places: promptPlaces(pairs),
  };
}
