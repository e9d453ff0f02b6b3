/** `demur estimate`: what a spec will take, as a short table or as JSON. Runs nothing but a second of measuring. */
import { estimateCost, openEnginePool, prepareExperiment, type CostEstimate } from '@demur/interp';
import { gigabytes, resolveModel } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar } from './progress-bar.ts';
import { filesOf, readSpec } from './read-spec.ts';
import { engineSettings, interruption, type EngineArguments } from './run.ts';

export interface EstimateArguments extends EngineArguments {
  spec: string;
  json?: boolean;
}

/** Prints the estimate and returns the exit code: 0 also for an experiment that does not fit. */
export async function estimate({ spec: path, json = false, ...engine }: EstimateArguments): Promise<number> {
  const bar = openProgressBar();
  const ended = new AbortController();
  try {
    const signal = interruption();
    const spec = await readSpec(path);
    const model = await resolveModel(spec.model, { signal, onProgress: bar.download });
    const prepared = await prepareExperiment(spec, { resolveModel: async () => model, resolveFile: filesOf(path) });
    bar.tell('measuring');
    const pool = await openEnginePool({ ...engineSettings(engine), signal: AbortSignal.any([ended.signal, signal]) });
    const cost = await estimateCost(prepared, { pool });
    bar.end();
    console.log(json ? JSON.stringify(cost, null, 2) : tableOf(cost).join('\n'));
    return 0;
  } catch (error) {
    bar.end();
    return exitCodeOf(error);
  } finally {
    ended.abort();
  }
}

function tableOf(cost: CostEstimate): string[] {
  const { shards, forwardTokens, backwardTokens, diskBytes, weightBytes, activationBytes, fits, advice } = cost;
  const atMost = cost.isUpperBound ? 'at most ' : '';
  const memory = `weights ${gigabytes(weightBytes)}, activations ${gigabytes(activationBytes)}`;
  return [
    line(
      'time',
      `${atMost}${duration(cost.seconds)} (loading ${duration(cost.loadSeconds)}, running ${duration(cost.runSeconds)})`,
    ),
    line('memory', `${gigabytes(cost.peakBytes)} of ${gigabytes(cost.budgetBytes)} (${memory})`),
    line(
      'tokens',
      `${atMost}${count(forwardTokens)} forward, ${count(backwardTokens)} backward, through the whole model`,
    ),
    line('shards', String(shards)),
    ...(diskBytes > 0 ? [line('from disk', gigabytes(diskBytes))] : []),
    ...(fits ? [] : [line('does not fit', advice ?? '')]),
  ];
}

function line(name: string, text: string): string {
  return `${name.padEnd(14)}${text}`;
}

function count(tokens: number): string {
  return Math.round(tokens).toLocaleString('en-US');
}

/** Seconds as people read them: two digits below ten, then whole ones, minutes and hours. */
function duration(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds < 9.95) return `${seconds.toPrecision(2)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
