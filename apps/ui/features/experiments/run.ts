/** What experiments and studies have in common: something that was asked for, of a model, and that runs for a time. */
import type { ExperimentStatus } from '../../graphql/graphql.ts';

export interface Run {
  modelName: string;
  model?: { name: string } | null;
  createdAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
}

/** One of a list, which is asked for again while it is active. */
export interface ListedRun {
  id: string;
  status: ExperimentStatus;
}
