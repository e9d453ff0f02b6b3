/**
 * Debian packages that tests need (a database server, a browser, a Vulkan driver). They are installed only by root on a
 * machine with apt-get, as in CI; elsewhere the reason is returned and the tests that need the program are skipped.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

const env = { DEBIAN_FRONTEND: 'noninteractive' };

/** Installs a package; returns undefined when that worked, else the reason as a sentence. */
export async function aptInstall(name: string): Promise<string | undefined> {
  return refusal(name) ?? updateAndInstall(name, []);
}

/**
 * As `aptInstall`, but on Debian `release` from its backports, which the machine's own list of sources need not name: they
 * are taken from the same mirror, and that list stays as it is. On any other release the package is taken as it comes.
 */
export async function aptInstallBackport(name: string, release: string): Promise<string | undefined> {
  const reason = refusal(name);
  if (reason !== undefined) return reason;
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!system.includes(`VERSION_CODENAME=${release}\n`)) return updateAndInstall(name, []);
  const mirror = await mirrorOf(release);
  if (mirror === undefined) return `${name} is not installed: apt-get names no mirror of ${release}.`;
  const folder = await mkdtemp(join(tmpdir(), 'demur-apt-'));
  try {
    return await updateAndInstall(`${name}/${release}-backports`, await backportOptions(folder, release, mirror));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refusal(name: string): string | undefined {
  const advice = `install it with \`apt-get install ${name}\` or this system's likes.`;
  if (!existsSync('/usr/bin/apt-get')) return `${name} is not installed and there is no apt-get: ${advice}`;
  if (process.getuid?.() !== 0) return `${name} is not installed and only root can: ${advice}`;
  return undefined;
}

async function updateAndInstall(name: string, options: string[]): Promise<string | undefined> {
  await runCommand('apt-get', [...options, 'update', '-qq'], { env });
  const quietly = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const result = await runCommand('apt-get', [...options, ...quietly, name], { env });
  if (result.code === 0) return undefined;
  return `${name} could not be installed: ${result.output.trim().split('\n').at(-1) ?? ''}`;
}

/** The URI that this machine takes a release from, whichever way its lists are written. */
async function mirrorOf(release: string): Promise<string | undefined> {
  const format = '$(CODENAME) $(COMPONENT) $(REPO_URI)';
  const { stdout } = await runCommand('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const line = stdout.split('\n').find((text) => text.startsWith(`${release} main `));
  return line?.split(' ')[2];
}

/** Lets one apt-get command see the release and its backports, by lists of its own in `folder`. */
async function backportOptions(folder: string, release: string, mirror: string): Promise<string[]> {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = existsSync(keyring) ? ` [signed-by=${keyring}]` : '';
  const suites = [release, `${release}-backports`];
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await writeFile(
    join(folder, 'sources.list'),
    suites.map((suite) => `deb${signed} ${mirror} ${suite} main\n`).join(''),
  );
  return [
    ...['-o', `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${join(folder, 'lists')}`],
  ];
}
