/**
 * A private PostgreSQL server for tests: a new cluster in a temporary folder, on a free loopback port, without fsync.
 * It ends with the test process, however that ends: its keeper, a shell, waits for the end of its standard input.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall } from '../../scripts/apt-install.ts';
import { runCommand } from '../../scripts/run-command.ts';

export interface PostgresServer {
  /** `postgres://demur@127.0.0.1:<port>/postgres`; a superuser without a password. */
  url: string;
  stop(): Promise<void>;
}

const debianFolder = '/usr/lib/postgresql';
const isRoot = process.getuid?.() === 0;
const startTimeoutMs = 60_000;

/** Why there is no PostgreSQL for tests here, or undefined when there is; installs Debian's package as root. */
export async function postgresMissing(): Promise<string | undefined> {
  return binFolder() === undefined ? aptInstall('postgresql') : undefined;
}

/** Starts a new, empty server; takes about two seconds. Throws when PostgreSQL is not installed or does not start. */
export async function startPostgres(): Promise<PostgresServer> {
  const missing = await postgresMissing();
  const bin = binFolder();
  if (bin === undefined) throw new Error(missing ?? `no PostgreSQL programs under ${debianFolder}`);
  const folder = await mkdtemp(join(tmpdir(), 'demur-postgres-'));
  if (isRoot) await chown(folder, ...(await postgresIds()));
  await createCluster(bin, folder);
  const port = await freePort();
  const keeper = startKeeper(bin, folder, port);
  await waitUntilReady({ bin, folder, port, keeper });
  return { url: `postgres://demur@127.0.0.1:${port}/postgres`, stop: () => stopKeeper(keeper, folder) };
}

function binFolder(): string | undefined {
  if (!existsSync(debianFolder)) return undefined;
  const versions = readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(debianFolder, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** PostgreSQL refuses to run as root: root runs it as the user that Debian's package made for it. */
function asServerUser(command: string[]): [string, string[]] {
  const [program = '', ...args] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  return [program, args];
}

async function postgresIds(): Promise<[number, number]> {
  const [user, group] = await Promise.all(['-u', '-g'].map((flag) => runCommand('id', [flag, 'postgres'])));
  return [Number(user?.stdout), Number(group?.stdout)];
}

async function createCluster(bin: string, folder: string): Promise<void> {
  const options = ['--username=demur', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const command = [join(bin, 'initdb'), `--pgdata=${join(folder, 'cluster')}`, ...options];
  const result = await runCommand(...asServerUser(command), { cwd: '/' });
  if (result.code !== 0) throw new Error(`initdb failed:\n${result.output}`);
}

/** A shell that runs the server until its standard input ends, then stops it and removes the folder. */
function startKeeper(bin: string, folder: string, port: number): ChildProcess {
  const script = `folder=$1; shift
    "$@" </dev/null >"$folder/log" 2>&1 & server=$!
    read -r _
    kill -INT $server; wait $server; rm -rf "$folder"`;
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [join(bin, 'postgres'), '-D', join(folder, 'cluster'), ...options];
  const command = asServerUser(['sh', '-c', script, 'keeper', folder, ...server]);
  return spawn(...command, { cwd: '/', stdio: ['pipe', 'ignore', 'inherit'] });
}

async function waitUntilReady(server: { bin: string; folder: string; port: number; keeper: ChildProcess }) {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    const args = ['--host=127.0.0.1', `--port=${server.port}`, '--username=demur', '--dbname=postgres', '--quiet'];
    const { code } = await runCommand(join(server.bin, 'pg_isready'), args);
    if (code === 0) return;
    await sleep(50);
  }
  const log = await readFile(join(server.folder, 'log'), 'utf8').catch(() => '');
  await stopKeeper(server.keeper, server.folder);
  throw new Error(`PostgreSQL did not start within ${startTimeoutMs / 1000} s:\n${log}`);
}

async function stopKeeper(keeper: ChildProcess, folder: string): Promise<void> {
  if (keeper.exitCode === null && keeper.signalCode === null) {
    const closed = once(keeper, 'close');
    keeper.stdin?.end();
    await closed;
  }
  await rm(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
