/** Progress of running experiments, from the job that runs one to the subscriptions that follow it; a topic an experiment. */
import { createPubSub } from '@graphql-yoga/subscription';
import type { ExperimentProgress } from './experiment.type.ts';

/** One channel a process. */
export const progressChannel = createPubSub<{ progress: [experimentId: string, progress: ExperimentProgress] }>();
