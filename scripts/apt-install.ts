/**
 * Debian packages that tests need (a database server, a browser, a compiler). They are installed only by root on a
 * machine with apt-get, as in CI; elsewhere the reason is returned and the tests that need the program are skipped.
 */
import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';

/** Installs a package; returns undefined when that worked, else the reason as a sentence. */
export async function aptInstall(name: string): Promise<string | undefined> {
  const advice = `install it with \`apt-get install ${name}\` or this system's likes.`;
  if (!existsSync('/usr/bin/apt-get')) return `${name} is not installed and there is no apt-get: ${advice}`;
  if (process.getuid?.() !== 0) return `${name} is not installed and only root can: ${advice}`;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runCommand('apt-get', ['update', '-qq'], { env });
  const install = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', name];
  const result = await runCommand('apt-get', install, { env });
  if (result.code === 0) return undefined;
  return `${name} could not be installed: ${result.output.trim().split('\n').at(-1) ?? ''}`;
}
