import { Repeater } from '@graphql-yoga/subscription';
import type { ExperimentProgress } from './experiment.type.ts';
import { progressChannel } from './progress-channel.ts';

/** Where an experiment stands now, then every step of it, until it has ended. No step between the two is lost. */
export function followProgress(id: string, now: () => Promise<ExperimentProgress>): AsyncIterable<ExperimentProgress> {
  return new Repeater<ExperimentProgress>(async (push, stop) => {
    const steps = progressChannel.subscribe('progress', id);
    void stop.then(() => steps.return());
    const first = await now();
    await push(first);
    if (hasEnded(first)) return stop();
    for await (const step of steps) {
      await push(step);
      if (hasEnded(step)) break;
    }
    stop();
  });
}

/** Whether nothing further happens to an experiment. */
export function hasEnded({ status }: Pick<ExperimentProgress, 'status'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED';
}
