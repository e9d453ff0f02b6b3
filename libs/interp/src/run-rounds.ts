/** The rounds of an experiment: their shards on the engine, as far as an earlier run has not kept them, and the merge of each. */
import { withoutParts } from './attribution/score-sums.ts';
import type { EnginePool } from './engine/pool.ts';
import type { ModelRef, ShardOutcome } from './engine/protocol.ts';
import type { KeptShards } from './kept-shards.ts';
import { kindOf, roundsOf } from './kinds/index.ts';
import { mergeShards } from './merge.ts';
import type { NamedArray } from './named-array.ts';
import { shardsTogether } from './plan-shards.ts';
import type { PreparedExperiment, Progress } from './run.ts';
import type { Shard, ShardArrays } from './shard.ts';
import type { KeptShard, Stint } from './shard-store.ts';
import type { ExperimentSpec } from './spec.ts';

interface RoundsOptions {
  pool: EnginePool;
  model: ModelRef;
  /** The plan, the same for every round. */
  shards: Shard[];
  kept: KeptShards;
  signal: AbortSignal | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** Shards that a run keeps, through all rounds: of a round that runs together one. */
export function keptShardCount({ spec }: PreparedExperiment, shards: readonly Shard[]): number {
  return roundsOf(spec).reduce((sum, round) => sum + (isTogether(spec, round) ? 1 : shards.length), 0);
}

function isTogether(spec: ExperimentSpec, round: string): boolean {
  return kindOf(spec).together?.includes(round) === true;
}

/** Runs the rounds that the kind has, each given what was read and the merged arrays of those before, and gives all of these. */
export async function runRounds(
  prepared: PreparedExperiment,
  { shards, onProgress, ...options }: RoundsOptions,
): Promise<{ arrays: Record<string, NamedArray>; stints: Stint[] }> {
  const rounds = roundsOf(prepared.spec);
  const arrays: Record<string, NamedArray> = { ...prepared.given };
  const stints: Stint[] = [];
  for (const [at, round] of rounds.entries()) {
    const given = Object.keys(arrays).length === 0 ? {} : { given: withoutParts(arrays) };
    const own = shards.map((shard) => ({ ...shard, round, ...given }));
    const tell = ({ stage, done, total }: Progress): void =>
      onProgress?.(
        stage === 'run' ? { stage, done: at * total + done, total: rounds.length * total } : { stage, done, total },
      );
    const ofRound = { ...options, shards: own, onProgress: tell, firstPlace: at * own.length };
    const found = await (isTogether(prepared.spec, round) ? runTogether : runApart)(prepared, ofRound);
    Object.assign(arrays, found.arrays);
    stints.push(...found.stints);
  }
  return { arrays, stints };
}

/** What a round gave, and what it took. */
interface RoundOutcome {
  arrays: ShardArrays;
  stints: Stint[];
}

/** Shards one by one, each when there is a worker for it, and their merge. */
async function runApart(
  prepared: PreparedExperiment,
  options: RoundsOptions & { firstPlace: number },
): Promise<RoundOutcome> {
  const found = await runShards(prepared, options);
  const results = found.map(({ arrays }, i) => ({ shard: options.shards[i]!, arrays }));
  return { arrays: mergeShards(prepared.spec.kind, results), stints: found.flatMap(({ stints }) => stints) };
}

/** All pairs at the same time, on all workers. What one worker finds is what all do, so that is kept, in the first shard's place. */
async function runTogether(
  { shardSpec }: PreparedExperiment,
  { pool, model, shards, kept, firstPlace, signal, onProgress }: RoundsOptions & { firstPlace: number },
): Promise<RoundOutcome> {
  const before = kept.at(firstPlace);
  if (before?.isFinished === true) return before;
  const resume = before === undefined ? {} : { resume: before.arrays };
  const members = shardsTogether(shards, pool.workersFor(model));
  const { fail, rethrow, ...stopped } = firstFailure(signal);
  const outcomes = await pool
    .runTogether(
      model,
      members.map((shard) => ({ spec: shardSpec, shard: { ...shard, ...resume } })),
      {
        signal: stopped.signal,
        onProgress: (progress, member) => void (member === 0 && onProgress?.(progress)),
        onCheckpoint: (outcome, member) =>
          void (member === 0 && kept.keepCheckpoint(firstPlace, outcome, before).catch(fail)),
      },
    )
    .catch(fail);
  await kept.settled();
  rethrow();
  return kept.keep(firstPlace, outcomes![0]!, before);
}

/** Runs the shards of a round; when one fails the others are cancelled, and its error is thrown once they have stopped. */
async function runShards(
  { shardSpec }: PreparedExperiment,
  options: RoundsOptions & { firstPlace: number },
): Promise<KeptShard[]> {
  const { pool, model, shards, kept, firstPlace } = options;
  const { signal, fail, rethrow } = firstFailure(options.signal);
  const found = shards.map((_, i) => kept.at(firstPlace + i));
  const progress = shardProgress(found, options.onProgress);
  const runShard = async (shard: Shard, i: number): Promise<KeptShard> => {
    const place = firstPlace + i;
    const before = found[i];
    if (before?.isFinished === true) return before;
    const resume = before === undefined ? {} : { resume: before.arrays };
    const onCheckpoint = (outcome: ShardOutcome) => void kept.keepCheckpoint(place, outcome, before).catch(fail);
    const watching = { signal, onProgress: progress(i), onCheckpoint };
    const outcome = await pool.run(model, { spec: shardSpec, shard: { ...shard, ...resume } }, watching);
    return kept.keep(place, outcome, before);
  };
  const done = await Promise.all(shards.map((shard, i) => runShard(shard, i).catch(fail)));
  await kept.settled();
  rethrow();
  return done.filter((shard) => shard !== undefined);
}

/** A signal that aborts with the given one, or at the first failure, which `rethrow` throws. */
function firstFailure(given: AbortSignal | undefined) {
  const failure = new AbortController();
  let first: { error: unknown } | undefined;
  return {
    signal: AbortSignal.any([failure.signal, ...(given === undefined ? [] : [given])]),
    fail(error: unknown): undefined {
      first ??= { error };
      failure.abort();
    },
    rethrow(): void {
      if (first !== undefined) throw first.error;
    },
  };
}

/** Sums the shards' progress to the run's; each shard hears of the one load, so only the first that runs speaks of it. */
function shardProgress(found: readonly (KeptShard | undefined)[], onProgress: RoundsOptions['onProgress']) {
  const total = found.length;
  const fractions = Float64Array.from(found, (shard) => (shard?.isFinished === true ? 1 : 0));
  const first = fractions.indexOf(0);
  return (index: number) => (progress: { stage: 'load' | 'run'; done: number; total: number }) => {
    if (progress.stage === 'run') fractions[index] = progress.done / progress.total;
    if (progress.stage === 'run') onProgress?.({ stage: 'run', done: fractions.reduce((a, b) => a + b, 0), total });
    else if (index === first) onProgress?.(progress);
  };
}
