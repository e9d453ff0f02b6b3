/** `demur run`: a spec in, result.json and arrays.safetensors out. One that is stopped goes on when it is run again. */
import {
  CancelledError,
  openEnginePool,
  openShardFolder,
  parseMemorySize,
  prepareExperiment,
  reserveOutput,
  runExperiment,
  writeResult,
  type EnginePoolOptions,
  type ExperimentResult,
  type ExperimentSpec,
  type Resumed,
  type ShardFolder,
} from '@demur/interp';
import { resolveModel, type BackendChoice } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar, type ProgressBar } from './progress-bar.ts';
import { filesOf, readSpec } from './read-spec.ts';

export interface EngineArguments {
  backend: BackendChoice;
  workers?: number;
  /** Such as 8GB. */
  memory?: string;
}

export interface RunArguments extends EngineArguments {
  spec: string;
  out: string;
  /** Starts over, whatever an earlier run has kept. */
  fresh?: boolean;
}

/** Runs the experiment and returns the exit code; unless it is 0, no more is left in the output folder than finished shards. */
export async function run({ spec: path, out, fresh = false, ...engine }: RunArguments): Promise<number> {
  const bar = openProgressBar();
  const tell = (line: string) => (bar.end(), console.error(line));
  const signal = interruption();
  const shards = openShardFolder(out, (file) => tell(`${file} is damaged: this shard runs again`));
  try {
    const spec = await readSpec(path);
    const output = await reserveOutput(out);
    try {
      if (fresh) await shards.clear();
      const result = await runOnEngine(spec, { engine, bar, tell, signal, shards, resolveFile: filesOf(path) });
      await writeResult(out, result);
      await shards.clear();
      bar.end();
      tellWarnings(result);
    } catch (error) {
      await output.discard();
      throw error;
    }
    return 0;
  } catch (error) {
    bar.end();
    return exitCodeOf(error, await keptNote(shards));
  }
}

/** What a run that was stopped has left; undefined where it is nothing. */
async function keptNote(shards: ShardFolder): Promise<string | undefined> {
  const count = await shards.count();
  if (count === 0) return undefined;
  return `${count} ${count === 1 ? 'shard is' : 'shards are'} kept: run the same command to go on`;
}

/** What a run takes from an earlier one. */
function resumedNote({ shards, begun, of }: Resumed): string {
  const within = begun === 0 ? '' : `, and goes on within ${begun}`;
  return `took ${shards} of ${of} shards from an earlier run${within}`;
}

interface Surroundings {
  engine: EngineArguments;
  bar: ProgressBar;
  /** Prints a line, also while there is a bar. */
  tell: (line: string) => void;
  signal: AbortSignal;
  shards: ShardFolder;
  resolveFile: (file: string) => string;
}

/** Fetches a model of the Hub, then opens the engine while the pairs are tokenised and checked: starting takes it about a second. */
async function runOnEngine(spec: ExperimentSpec, surroundings: Surroundings): Promise<ExperimentResult> {
  const { engine, bar, tell, signal, shards, resolveFile } = surroundings;
  const settings = engineSettings(engine);
  const model = await resolveModel(spec.model, { signal, onProgress: bar.download });
  const ended = new AbortController();
  const opening = openEnginePool({ ...settings, signal: ended.signal });
  opening.catch(() => undefined); // told by the await below, unless preparing fails first
  try {
    const prepared = await prepareExperiment(spec, { resolveModel: async () => model, resolveFile });
    bar.tell('starting the engine');
    const onResume = (resumed: Resumed) => tell(resumedNote(resumed));
    const watching = { signal, onResume, onProgress: bar.update };
    return await runExperiment(spec, { pool: await opening, prepared, shards, ...watching });
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
