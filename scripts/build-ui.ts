/** Builds the web interface where its build is missing or older than its sources. Not a bundler: `next build` is. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { join, relative, resolve } from 'node:path';
import { DataDirectoryInUseError, lockDataDirectory } from '@demur/db';
import { runCommand } from './run-command.ts';
import { SetupError } from './setup-error.ts';

const root = resolve(import.meta.dirname, '..');
const uiFolder = join(root, 'apps/ui');
/** What the pages are made of: their own files, and the library that they have in common with reports. */
const sourceFolders = [uiFolder, join(root, 'libs/charts')];
const stamp = join(uiFolder, '.next/demur-sources.sha256');
/** Outside of .next, which a build empties. */
const lockFolder = join(root, 'node_modules/.demur-ui-build');
const generated = new Set(['.next', 'node_modules', 'next-env.d.ts', 'tsconfig.tsbuildinfo']);

/**
 * Builds unless the build is that of the sources as they are; where another process builds, waits for it.
 * Throws SetupError with the last lines of a failed build.
 */
export async function buildUi(log: (line: string) => void): Promise<void> {
  const sources = await hashOfSources();
  if (await isBuilt(sources)) return;
  log('Building the web interface (once, about a minute) …');
  while (!(await isBuilt(sources)) && !(await buildAlone(sources))) await setTimeout(1_000);
  log('The web interface is ready.');
}

/**
 * Whether there is a build now; false where another process is at it. Once it has ended there is no second one: that would
 * take the first away from the server that has it open.
 */
async function buildAlone(sources: string): Promise<boolean> {
  const lock = await takeLock();
  if (lock === undefined) return false;
  try {
    return (await isBuilt(sources)) || (await nextBuild(sources));
  } finally {
    lock.release();
  }
}

/** The lock of the build, or undefined where another process has it. */
async function takeLock(): Promise<ReturnType<typeof lockDataDirectory> | undefined> {
  await mkdir(lockFolder, { recursive: true });
  try {
    return lockDataDirectory(lockFolder);
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) return undefined;
    throw error;
  }
}

const isBuilt = async (sources: string): Promise<boolean> =>
  existsSync(join(uiFolder, '.next/BUILD_ID')) && (await builtSources()) === sources;

/** Whether it built; false where a build that lost its process is still at it. */
async function nextBuild(sources: string): Promise<boolean> {
  const next = await runCommand(process.execPath, [await nextProgram(), 'build'], {
    cwd: uiFolder,
    env: { NODE_ENV: 'production' },
    isBackground: true, // the first studies are run beside it
  });
  if (next.code !== 0 && /another next build process/i.test(next.output)) return false;
  if (next.code !== 0) throw new SetupError(`The web interface could not be built: ${lastLines(next.output)}`);
  await writeFile(stamp, sources);
  return true;
}

/** SHA-256 over the names and contents of the sources, and of the lock file for their packages. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const file of await sourceFiles()) hash.update(relative(root, file)).update(await readFile(file));
  return hash.digest('hex');
}

async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of sourceFolders) {
    const tops = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !generated.has(name));
    for (const top of tops) {
      if (top.isFile()) files.push(join(folder, top.name));
      if (!top.isDirectory()) continue;
      const inside = await readdir(join(folder, top.name), { recursive: true, withFileTypes: true });
      for (const entry of inside) if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    }
  }
  return files.sort();
}

async function builtSources(): Promise<string | undefined> {
  return readFile(stamp, 'utf8').catch(() => undefined);
}

/** Next's own program: beside the web interface, or hoisted to the root. */
async function nextProgram(): Promise<string> {
  const places = [uiFolder, root].map((folder) => join(folder, 'node_modules/next/dist/bin/next'));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new SetupError('Next.js is not installed; run npm ci.');
  return found;
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-12).join('\n');
}
