/** `demur run`: a spec in, result.json and arrays.safetensors out. */
import {
  CancelledError,
  openEnginePool,
  parseMemorySize,
  prepareExperiment,
  reserveOutput,
  runExperiment,
  writeResult,
  type EnginePoolOptions,
  type ExperimentResult,
  type ExperimentSpec,
} from '@demur/interp';
import { resolveModel, type BackendChoice } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar, type ProgressBar } from './progress-bar.ts';
import { filesOf, readSpec } from './read-spec.ts';

interface EngineArguments {
  backend: BackendChoice;
  workers?: number;
  /** Such as 8GB. */
  memory?: string;
}

export interface RunArguments extends EngineArguments {
  spec: string;
  out: string;
}

/** Runs the experiment and returns the exit code; nothing is left in the output folder unless it is 0. */
export async function run({ spec: path, out, ...engine }: RunArguments): Promise<number> {
  const bar = openProgressBar();
  const signal = interruption();
  try {
    const spec = await readSpec(path);
    const output = await reserveOutput(out);
    try {
      const result = await runOnEngine(spec, { engine, bar, signal, resolveFile: filesOf(path) });
      await writeResult(out, result);
      bar.end();
      tellWarnings(result);
    } catch (error) {
      await output.discard();
      throw error;
    }
    return 0;
  } catch (error) {
    bar.end();
    return exitCodeOf(error);
  }
}

interface Surroundings {
  engine: EngineArguments;
  bar: ProgressBar;
  signal: AbortSignal;
  resolveFile: (file: string) => string;
}

/** Fetches a model of the Hub, then opens the engine while the pairs are tokenised and checked: starting takes it about a second. */
async function runOnEngine(spec: ExperimentSpec, surroundings: Surroundings): Promise<ExperimentResult> {
  const { engine, bar, signal, resolveFile } = surroundings;
  const settings = engineSettings(engine);
  const model = await resolveModel(spec.model, { signal, onProgress: bar.download });
  const ended = new AbortController();
  const opening = openEnginePool({ ...settings, signal: ended.signal });
  opening.catch(() => undefined); // told by the await below, unless preparing fails first
  try {
    const prepared = await prepareExperiment(spec, { resolveModel: async () => model, resolveFile });
    bar.tell('starting the engine');
    return await runExperiment(spec, { pool: await opening, prepared, signal, onProgress: bar.update });
  } finally {
    ended.abort();
  }
}

/** What the command line says of the engine. @throws MemorySizeError */
export function engineSettings({ backend, workers, memory }: EngineArguments): EnginePoolOptions {
  const memoryBytes = memory === undefined ? undefined : parseMemorySize(memory);
  return { backend, workers, memoryBytes, onLog: engineLog };
}

/** What the engine's libraries print; it starts with the cause when they crash, and means little otherwise. */
const engineLog = process.env['DEMUR_DEBUG'] === undefined ? undefined : (line: string) => console.error(line);

/** Aborts at Ctrl-C, or when asked to end. A second time ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => controller.abort(new CancelledError()));
  return controller.signal;
}

/** On a terminal only: result.json holds them for everyone else. */
function tellWarnings({ result }: ExperimentResult): void {
  if (!process.stderr.isTTY) return;
  for (const warning of result.record.warnings) console.error(`warning: ${warning}`);
}
