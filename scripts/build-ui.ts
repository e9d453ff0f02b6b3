/** Builds the web interface where its build is missing or older than its sources. Not a bundler: `next build` is. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from './run-command.ts';
import { SetupError } from './setup-error.ts';

const root = resolve(import.meta.dirname, '..');
const uiFolder = join(root, 'apps/ui');
const stamp = join(uiFolder, '.next/demur-sources.sha256');
const generated = new Set(['.next', 'node_modules', 'next-env.d.ts', 'tsconfig.tsbuildinfo']);

/** Builds unless the build is that of the sources as they are. Throws SetupError with the last lines of a failed build. */
export async function buildUi(log: (line: string) => void): Promise<void> {
  const sources = await hashOfSources();
  if (existsSync(join(uiFolder, '.next/BUILD_ID')) && (await builtSources()) === sources) return;
  log('Building the web interface (once, about a minute) …');
  const next = await runCommand(process.execPath, [await nextProgram(), 'build'], {
    cwd: uiFolder,
    env: { NODE_ENV: 'production' },
  });
  if (next.code !== 0) throw new SetupError(`The web interface could not be built: ${lastLines(next.output)}`);
  await writeFile(stamp, sources);
  log('The web interface is ready.');
}

/** SHA-256 over the names and contents of the sources, and of the lock file for their packages. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const file of await sourceFiles()) hash.update(file).update(await readFile(join(uiFolder, file)));
  return hash.digest('hex');
}

async function sourceFiles(): Promise<string[]> {
  const tops = (await readdir(uiFolder, { withFileTypes: true })).filter(({ name }) => !generated.has(name));
  const files = tops.filter((entry) => entry.isFile()).map(({ name }) => name);
  for (const { name } of tops.filter((entry) => entry.isDirectory())) {
    const inside = await readdir(join(uiFolder, name), { recursive: true, withFileTypes: true });
    for (const entry of inside)
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(uiFolder.length + 1));
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
