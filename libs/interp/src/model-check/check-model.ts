/** Checks a model on an engine: every check a task of its own, so that all workers have work. */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DemurError, openModelSource, type ModelSource } from '@demur/model';
import type { EnginePool } from '../engine/pool.ts';
import { tokenizerOf, type Progress } from '../run.ts';
import { demurVersion } from '../versions.ts';
import { checkPairs } from './check-pairs.ts';
import {
  checkResult,
  ENGINE_CHECKS,
  skipped,
  type CheckResult,
  type CheckTask,
  type EngineCheckName,
  type ModelCheck,
} from './checks.ts';
import { measuresOf } from './comparison.ts';
import { keepCheck } from './last-check.ts';
import { REFERENCE_FILE } from './reference-file.ts';
import { tokenizerChecks } from './tokenizer-checks.ts';

export interface CheckOptions {
  pool: EnginePool;
  /** A reference file; by default what stands beside the model. */
  reference?: string | undefined;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Runs all checks of the model at `path` and keeps the outcome for the records of later runs.
 * Throws the model's own errors, `InvalidReferenceError` for a bad reference, `CancelledError` when `signal` aborts.
 */
export async function checkModel(path: string, options: CheckOptions): Promise<ModelCheck> {
  const source = await openModelSource(path);
  const tokenizer = await tokenizerOf(source);
  const references = options.reference === undefined ? await referencesOf(source) : [resolve(options.reference)];
  const pairs = checkPairs(source.config, tokenizer);
  const names = Object.keys(ENGINE_CHECKS) as EngineCheckName[];
  const checks = await runChecks(
    source,
    names.map((check) => ({ check, pairs, references })),
    options,
  );
  const all = [...checks, ...tokenizerChecks(source.config, tokenizer)];
  const outcome: ModelCheck = {
    passed: all.every(({ status }) => status !== 'failed'),
    at: new Date().toISOString(),
    backend: { name: options.pool.backend, version: options.pool.backendVersion },
    residency: options.pool.place(source).residency.mode,
    version: demurVersion(),
    weightsSha256: (await source.identity()).weightsSha256,
    checks: all,
  };
  await keepCheck(source, outcome);
  return outcome;
}

/** Reference files of a model: one that lies in its folder, and those of a case around the folder. */
async function referencesOf({ path, format }: ModelSource): Promise<string[]> {
  const folder = format === 'huggingface' ? path : dirname(path);
  const own = await filesOf(folder);
  if (own.includes(REFERENCE_FILE)) return [join(folder, REFERENCE_FILE)];
  const around = await filesOf(dirname(folder));
  const isCase = around.includes('case.json');
  const cases = ['plain.safetensors', 'leftpad.safetensors'].filter((name) => isCase && around.includes(name));
  return cases.map((name) => join(dirname(folder), name));
}

function filesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Runs the tasks; the first one that throws stops the others. */
async function runChecks(source: ModelSource, tasks: CheckTask[], options: CheckOptions): Promise<CheckResult[]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  let done = 0;
  let first: { error: unknown } | undefined;
  const results = await Promise.all(
    tasks.map(async (task) => {
      try {
        return await runCheck(source, task, { ...options, signal });
      } catch (error) {
        first ??= { error };
        failure.abort();
        return undefined;
      } finally {
        options.onProgress?.({ stage: 'run', done: ++done, total: tasks.length });
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return results.filter((result) => result !== undefined);
}

async function runCheck(source: ModelSource, task: CheckTask, options: CheckOptions): Promise<CheckResult> {
  const { check } = task;
  if (check.startsWith('reference-') && task.references.length === 0)
    return skipped(check, `no ${REFERENCE_FILE} beside the model`);
  if (check === 'start-layer' && source.config.nLayers === 1) return skipped(check, 'the model has one layer');
  try {
    const { arrays } = await options.pool.run(options.pool.place(source), task, { signal: options.signal });
    const measures = measuresOf(arrays);
    return measures.length === 0
      ? skipped(check, 'the reference has nothing to compare')
      : checkResult(check, measures);
  } catch (error) {
    if (error instanceof DemurError || !(error instanceof Error)) throw error;
    return { ...checkResult(check, [{ part: '', difference: NaN, scale: 1 }]), detail: error.message };
  }
}
