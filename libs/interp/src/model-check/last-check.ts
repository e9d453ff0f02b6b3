/**
 * The last check of each model, kept as JSON in demur's cache so that the record of a run can name it. By content: the
 * weights, the tokenizer and what the configuration says; and by backend and version.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, sha256, type ModelSource } from '@demur/model';
import { demurVersion } from '../versions.ts';
import type { ModelCheck } from './checks.ts';

/** What a run's record says of the check of its model, backend and version. */
export type LastCheck = Pick<ModelCheck, 'passed' | 'at'> & { backend: string };

/** Keeps the outcome in place of an earlier one. Best effort: a cache that cannot be written costs a line of a record. */
export async function keepCheck(source: ModelSource, check: ModelCheck): Promise<void> {
  const file = await fileOf(source, check.backend.name);
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(`${file}.${process.pid}`, JSON.stringify(check, null, 1));
    await rename(`${file}.${process.pid}`, file);
  } catch {
    // The record of the next run says that there was no check.
  }
}

/** The last check of this model on this backend by this version; null where there was none. */
export async function lastCheck(source: ModelSource, backend: string): Promise<LastCheck | null> {
  try {
    const check = JSON.parse(await readFile(await fileOf(source, backend), 'utf8')) as ModelCheck;
    return { passed: check.passed, at: check.at, backend: check.backend.name };
  } catch {
    return null;
  }
}

async function fileOf(source: ModelSource, backend: string): Promise<string> {
  const { weightsSha256, tokenizerSha256, chatTemplateSha256 } = await source.identity();
  const key = [weightsSha256, tokenizerSha256, chatTemplateSha256, source.config, backend, demurVersion()];
  return join(cacheFolder(), 'model-checks', `${sha256(JSON.stringify(key))}.json`);
}
