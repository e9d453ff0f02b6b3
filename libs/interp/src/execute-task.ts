/** Runs what the host has given a worker thread: a shard of an experiment, a check of the model, or a calibration. */
import type { Transformer } from '@demur/model/engine';
import { calibrate } from './cost/calibrate.ts';
import type { EngineTask } from './engine/protocol.ts';
import { executeShard } from './execute-shard.ts';
import { executeCheck } from './model-check/execute-check.ts';
import type { ShardArrays, ShardOptions } from './shard.ts';

/** The task's arrays. Leaves no tensor behind, also when it throws. */
export function executeTask(model: Transformer, task: EngineTask, options: ShardOptions): Promise<ShardArrays> {
  if ('check' in task) return executeCheck(model, task, options);
  if ('calibrate' in task) return calibrate(model, options);
  return executeShard(model, task.spec, task.shard, options);
}
