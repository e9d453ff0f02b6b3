/**
 * `demur study`: a study in, a report out: DIR/report.json, DIR/report.html, and every experiment in DIR/steps. One that is
 * stopped goes on when it is run again; a folder is of one study, which DIR/study.json names.
 */
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInNames, openEnginePool, pairFormatOf, reserveOutput } from '@demur/interp';
import { resolveModel } from '@demur/model';
import {
  prepareStudy,
  runStudy,
  StudyError,
  studies,
  studyOf,
  type Study,
  type StudyReport,
  type StepPlace,
} from '@demur/studies';
import { exitCodeOf } from './exit-code.ts';
import { openProgressBar, type ProgressBar } from './progress-bar.ts';
import { engineSettings, interruption, type EngineArguments } from './run.ts';
import { identityOf, keepIdentity, refuseOther } from './study-identity.ts';
import { folderExecutor, type FolderExecutor } from './study-folder.ts';
import { writeReport } from './write-report.ts';

export interface StudyArguments extends EngineArguments {
  name?: string | undefined;
  out?: string;
  model?: string;
  data: string;
  seed: number;
  evenIfMixed?: boolean;
}

const shipped = fileURLToPath(new URL('../../../libs/train/models/refusal-organism', import.meta.url));

/** The model that comes with demur. */
const organism = relative('', shipped) || '.';

/** Runs the study and returns the exit code: 0 also for a model with no refusal to find, which the report then says. */
export async function study({ name, out, ...options }: StudyArguments): Promise<number> {
  const bar = openProgressBar();
  const ended = new AbortController();
  const steps: { executor?: FolderExecutor } = {};
  try {
    if (name === undefined) return listStudies();
    const asked = studyOf(name);
    if (out === undefined) throw new StudyError('a study needs a folder for its report; give --out DIR');
    const output = await reserveOutput(out);
    try {
      const report = await runToReport(asked, { ...options, out, bar, steps, ended: ended.signal });
      await writeReport(out, report);
      bar.end();
      tellOutcome(report, out);
    } finally {
      await output.discard();
    }
    return 0;
  } catch (error) {
    bar.end();
    return exitCodeOf(error, keptNote(steps.executor));
  } finally {
    ended.abort();
  }
}

interface Surroundings extends Omit<StudyArguments, 'name'> {
  out: string;
  bar: ProgressBar;
  /** Gets the executor, which knows what is kept when the study is stopped. */
  steps: { executor?: FolderExecutor };
  /** Closes the engine. */
  ended: AbortSignal;
}

/** Fetches a model of the Hub, then opens the engine while the pairs are tokenised and checked. */
async function runToReport(asked: Study, surroundings: Surroundings): Promise<StudyReport> {
  const { model = organism, data, seed, evenIfMixed, out, bar, steps, ended, ...engine } = surroundings;
  const settings = engineSettings(engine);
  const signal = interruption();
  const path = await resolveModel(model, { signal, onProgress: bar.download });
  const given = await prepareStudy({ model, pairs: pairsOf(data), seed }, { resolveModel: async () => path });
  const identity = await identityOf(asked.name, given, path);
  await refuseOther(out, identity);
  bar.tell('starting the engine');
  const pool = await openEnginePool({ ...settings, signal: ended });
  await keepIdentity(out, identity);
  const onProgress = bar.update;
  steps.executor = folderExecutor(out, { pool, modelPath: path, onProgress });
  return runStudy(asked, given, steps.executor, { signal, evenIfMixed, onStep: (step) => tellStep(step, bar) });
}

/** The name of a data set that comes with demur, else a file. @throws StudyError, PairFileError */
function pairsOf(data: string): string | { file: string } {
  if (builtInNames.includes(data)) return data;
  if (!/[./\\]/.test(data)) {
    const names = builtInNames.join(', ');
    throw new StudyError(`no data set is named "${data}"; use ${names}, or give a file of pairs such as pairs.jsonl`);
  }
  pairFormatOf(data);
  return { file: resolve(data) };
}

/** On a terminal only, a line a step. */
function tellStep({ title, index, total }: StepPlace, bar: ProgressBar): void {
  if (!process.stderr.isTTY) return;
  bar.end();
  console.error(`${index}/${total} ${title}`);
}

function tellOutcome({ stopped, claims }: StudyReport, out: string): void {
  if (stopped !== null) console.log(`${stopped} --even-if-mixed goes on all the same.`);
  const counts = (['agrees', 'disagrees', 'not tested'] as const).map(
    (outcome) => `${claims.filter((claim) => claim.outcome === outcome).length} ${outcome}`,
  );
  if (claims.length > 0) console.log(`What others found on their models, and this one: ${counts.join(', ')}`);
  console.log(`The report is in ${out}`);
}

/** What a study that was stopped has left; undefined where it is nothing. */
function keptNote(executor: FolderExecutor | undefined): string | undefined {
  const count = executor?.finished() ?? 0;
  if (count === 0) return undefined;
  return `${count} ${count === 1 ? 'step is' : 'steps are'} kept: run the same command to go on`;
}

function listStudies(): number {
  for (const { name, title, question } of Object.values(studies)) console.log(`${name}: ${title}\n    ${question}`);
  console.log('\ndemur study NAME --out DIR');
  return 0;
}
