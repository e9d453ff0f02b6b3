/**
 * The engine host: a child process that holds models, and worker threads that run shards on them. It lives for its
 * parent and dies with it. Its own thread computes nothing, so that it hears `cancel` at any time.
 */
import { cancel, createCancelFlag } from './cancel-token.ts';
import { CancelledError } from './errors.ts';
import { reportError } from './error-report.ts';
import { ModelCache, type ModelLease } from './model-cache.ts';
import { peakMemoryBytes, resetPeakMemory } from './peak-memory.ts';
import type { FromHost, HostSettings, ModelRef, ShardOutcome, ThreadOutcome, ToHost } from './protocol.ts';
import { ThreadTeam } from './thread-team.ts';

type RunMessage = Extract<ToHost, { type: 'run' }>;

interface Running {
  cancelFlag: Int32Array<SharedArrayBuffer>;
  /** Rejects once the run is cancelled: ends the wait for weights. */
  cancelled: PromiseWithResolvers<never>;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as HostSettings;
const team = new ThreadTeam(settings.backend, settings.workers);
const cache = new ModelCache({
  budgetBytes: settings.weightBytes,
  workers: settings.workers,
  onForget: (key) => {
    team.forget(key);
    globalThis.gc?.();
  },
});
const running = new Map<number, Running>();

// A thread within a native operation would hold up an orderly exit.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message: ToHost) => (message.type === 'run' ? void run(message) : cancelRun(message.id)));

try {
  say({ type: 'ready', backend: await team.open() });
} catch (error) {
  say({ type: 'refused', error: reportError(error) });
}

function say(message: FromHost): void {
  process.send?.(message);
}

async function run(message: RunMessage): Promise<void> {
  const { id } = message;
  if (running.size === 0) resetPeakMemory();
  const state: Running = { cancelFlag: createCancelFlag(), cancelled: Promise.withResolvers<never>() };
  state.cancelled.promise.catch(() => undefined);
  running.set(id, state);
  try {
    say({ type: 'done', id, outcomes: await shardOutcomes(message, state) });
  } catch (error) {
    say({ type: 'failed', id, error: reportError(error) });
  } finally {
    running.delete(id);
  }
}

async function shardOutcomes({ id, model: ref, tasks }: RunMessage, state: Running): Promise<ShardOutcome[]> {
  const { model, loadSeconds, release } = await acquireModel(id, ref, state);
  try {
    const outcomeOf = ({ openSeconds, ...outcome }: ThreadOutcome): ShardOutcome => ({
      ...outcome,
      ...{ loadSeconds: loadSeconds + openSeconds, peakBytes: peakMemoryBytes() },
    });
    const outcomes = await team.run({
      messages: tasks.map((task) => ({ type: 'run', model, task, cancelFlag: state.cancelFlag })),
      onProgress: (member, done, total) => say({ type: 'progress', id, member, stage: 'run', done, total }),
      onCheckpoint: (member, outcome) => say({ type: 'checkpoint', id, member, outcome: outcomeOf(outcome) }),
    });
    return outcomes.map(outcomeOf);
  } finally {
    release();
  }
}

/** The model, or at once the refusal of a cancelled run; its weights then go on loading, for the next run. */
async function acquireModel(id: number, model: ModelRef, { cancelled }: Running): Promise<ModelLease> {
  const lease = cache.acquire(model, (done) => say({ type: 'progress', id, member: 0, stage: 'load', done, total: 1 }));
  try {
    return await Promise.race([lease, cancelled.promise]);
  } catch (error) {
    lease.then(({ release }) => release()).catch(() => undefined);
    throw error;
  }
}

function cancelRun(id: number): void {
  const state = running.get(id);
  if (state === undefined) return;
  cancel(state.cancelFlag);
  team.dropCancelled();
  state.cancelled.reject(new CancelledError());
}
