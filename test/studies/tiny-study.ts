/** Studies on a tiny random model, to their report, with every experiment's arrays at hand to reckon again from. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEnginePool, type EnginePool, type NamedArray, type PairSpec, type ResultJson } from '@demur/interp';
import { randomStream } from '@demur/model';
import { prepareStudy, runStudy, type Study, type StudyReport } from '@demur/studies';
import { folderExecutor } from '../../apps/cli/src/study-folder.ts';

export const tinyModel = (name: string): string =>
  fileURLToPath(new URL(`../golden/open/${name}/model`, import.meta.url));

/** Prompts of eight tokens; the two of a pair differ in one. */
export function randomPairs(count: number, differAt = 4): PairSpec[] {
  return Array.from({ length: count }, (_, pair) => {
    const random = randomStream(7, pair);
    const clean = Array.from({ length: 8 }, () => 5 + Math.floor(random() * 50));
    const corrupted = clean.with(differAt, 1 + ((clean[differAt]! + Math.floor(random() * 40)) % 54));
    return { clean: { tokens: clean }, corrupted: { tokens: corrupted }, answer: 58, distractor: 3 };
  });
}

export interface TinyOutcome {
  report: StudyReport;
  /** Paragraphs of all sections. */
  text: string;
  result: (step: string) => Promise<ResultJson>;
  array: (step: string, name: string) => Promise<NamedArray>;
}

export interface TinyStudies {
  run(study: Study, pairs: PairSpec[], model?: string): Promise<TinyOutcome>;
  /** Ends the engine, and removes the results. */
  close(): Promise<void>;
}

/** On the WebAssembly backend; the groups of random pairs are mixed, and the studies go on all the same. */
export async function openTinyStudies(): Promise<TinyStudies> {
  const pool = await openEnginePool({ backend: 'wasm', workers: 2 });
  const folder = await mkdtemp(join(tmpdir(), 'demur-study-'));
  return {
    run: (study, pairs, model = tinyModel('llama_gqa_tied')) => runTiny(study, { pairs, model, pool, folder }),
    async close() {
      await pool.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function runTiny(
  study: Study,
  { pairs, model, pool, folder }: { pairs: PairSpec[]; model: string; pool: EnginePool; folder: string },
): Promise<TinyOutcome> {
  const given = await prepareStudy({ model, pairs, seed: 0 });
  const executor = folderExecutor(await mkdtemp(join(folder, 'run-')), {
    pool,
    modelPath: model,
    onProgress: () => {},
  });
  const outcomes = new Map<string, Awaited<ReturnType<typeof executor.run>>>();
  const kept: typeof executor.run = async (step, spec, signal) => {
    outcomes.set(step.name, await executor.run(step, spec, signal));
    return outcomes.get(step.name)!;
  };
  const report = await runStudy(study, given, { run: kept }, { evenIfMixed: true });
  return {
    report,
    text: report.sections.flatMap(({ paragraphs }) => paragraphs).join('\n'),
    result: async (step) => outcomes.get(step)!.result,
    array: async (step, name) => (await outcomes.get(step)!.array(name))!,
  };
}
