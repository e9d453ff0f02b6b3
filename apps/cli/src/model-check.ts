/** `demur model check`: the checks of a model as a table, or as JSON. */
import { checkModel, openEnginePool, type CheckResult, type ModelCheck } from '@demur/interp';
import { resolveModel, type BackendChoice } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar } from './progress-bar.ts';
import { engineSettings, interruption } from './run.ts';

export interface ModelCheckArguments {
  model: string;
  reference?: string;
  backend: BackendChoice;
  workers?: number;
  /** Such as 8GB. */
  memory?: string;
  json?: boolean;
}

/** Prints the outcome to stdout; the exit code is 0 when every check that could be made has passed, else 1. */
export async function modelCheck({ model, reference, json, ...engine }: ModelCheckArguments): Promise<number> {
  const bar = openProgressBar('check');
  const signal = interruption();
  const ended = new AbortController();
  try {
    const path = await resolveModel(model, { signal, onProgress: bar.download });
    bar.tell('starting the engine');
    const pool = await openEnginePool({ ...engineSettings(engine), signal: ended.signal });
    const outcome = await checkModel(path, { pool, reference, signal, onProgress: bar.update });
    bar.end();
    console.log(json === true ? JSON.stringify(outcome, null, 2) : outcomeTable(outcome));
    return verdict(outcome);
  } catch (error) {
    bar.end();
    return exitCodeOf(error);
  } finally {
    ended.abort();
  }
}

/** Names what failed, in one sentence on stderr. */
function verdict({ checks }: ModelCheck): number {
  const failed = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length === 0) return 0;
  console.error(`${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}.`);
  return 1;
}

/** A line a check, and one on where they ran. */
function outcomeTable({ checks, backend, residency, version }: ModelCheck): string {
  const counts = (['passed', 'failed', 'skipped'] as const).map(
    (status) => `${checks.filter((check) => check.status === status).length} ${status}`,
  );
  const weights = residency === 'streamed' ? 'weights streamed from disk' : 'weights in memory';
  const last = `${counts.join(', ')} on ${backend.name} ${backend.version}, ${weights}, demur ${version}`;
  return [...checks.map(checkLine), '', last].join('\n');
}

/** `passed  causality  6.2e-7 ≤ 1e-4  Later tokens change nothing...`; what was farthest off, where it failed. */
function checkLine({ name, says, status, tolerance, measured, detail }: CheckResult): string {
  const share = measured === null ? 'no number' : numberText(measured);
  const number = status === 'skipped' ? '' : `${share} ${status === 'passed' ? '≤' : '>'} ${numberText(tolerance)}`;
  const why = status === 'passed' ? '' : ` (${detail})`;
  return `${status.padEnd(8)}${name.padEnd(23)}${number.padEnd(18)}${says}${why}`;
}

/** Two digits: what a difference is worth. */
function numberText(value: number): string {
  return value === 0 ? '0' : value.toExponential(1).replace('.0e', 'e');
}
