/**
 * Runs once before any test: what tests share and a new machine lacks. Nothing here fails: a test that needs what
 * could not be had says so itself, or is skipped with the reason.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { trySetup } from '../../scripts/setup.ts';
import { chromiumMissing } from './chromium.ts';
import { postgresMissing } from './postgres.ts';
import { installWebgpu } from './webgpu.ts';

export default async function prepare({ provide }: TestProject): Promise<() => Promise<void>> {
  const log = (line: string) => console.error(line);
  await trySetup(log);
  await fetchSmollm2(log).catch((error: unknown) => log(`SmolLM2 could not be fetched: ${String(error)}`));
  for (const missing of [await postgresMissing(), await chromiumMissing(), await installWebgpu()]) {
    if (missing !== undefined) log(missing);
  }
  const folderOfRun = await mkdtemp(join(tmpdir(), 'demur-tests-'));
  provide('folderOfRun', folderOfRun);
  return () => rm(folderOfRun, { recursive: true, force: true });
}
