/** What the environment sets, read once and checked. Nothing else in this package reads process.env. */
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseMemorySize } from '@demur/interp';
import { backendNames, DemurError, type BackendChoice } from '@demur/model';

/** Settings of the server. */
export interface Env {
  host: string;
  port: number;
  /** Where the embedded database lies; unused with a `databaseUrl`. */
  dataDir: string;
  databaseUrl: string | undefined;
  /** Folders under which models may be opened. */
  modelRoots: string[];
  backend: BackendChoice;
  /** Engine threads; one a core if undefined. */
  workers: number | undefined;
  /** Whether models may be downloaded from the Hub: DEMUR_HUB, on for loopback and off beyond by default. */
  mayDownload: boolean;
  /** What the engine may take, in bytes; three quarters of what is free if undefined. */
  memoryBytes: number | undefined;
  /** Whether a new database is filled with a first model and studies; not with DEMUR_FIRST_START=none. */
  hasFirstStart: boolean;
  /** Whether npm started this process, in a shell that passes no signal on. */
  isUnderNpm: boolean;
}

/** A setting that cannot be used. */
export class EnvError extends DemurError {
  constructor(name: string, value: string, fix: string) {
    super('INVALID_SETTING', `${name}=${value} cannot be used; ${fix}`);
  }
}

/** The folder that holds package.json, apps/ and libs/. */
export const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

type Variables = Record<string, string | undefined>;

/** Reads the settings. Throws `EnvError`. */
export function readEnv(variables: Variables = process.env): Env {
  return {
    host: variables.HOST || '127.0.0.1',
    port: wholeNumber('PORT', variables.PORT || '4000', { min: 0, max: 65_535 }),
    dataDir: path.resolve(variables.DEMUR_DATA || path.join(repositoryRoot, '.demur')),
    databaseUrl: variables.DATABASE_URL || undefined,
    modelRoots: modelRoots(variables),
    mayDownload: mayDownload(variables),
    backend: backend(variables.DEMUR_BACKEND || 'auto'),
    workers: variables.DEMUR_WORKERS
      ? wholeNumber('DEMUR_WORKERS', variables.DEMUR_WORKERS, { min: 1, max: 1024 })
      : undefined,
    memoryBytes: variables.DEMUR_MEMORY ? memorySize(variables.DEMUR_MEMORY) : undefined,
    hasFirstStart: variables.DEMUR_FIRST_START !== 'none',
    isUnderNpm: variables.npm_lifecycle_event !== undefined,
  };
}

function wholeNumber(name: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new EnvError(name, value, `give a whole number from ${min} to ${max}`);
}

function memorySize(value: string): number {
  try {
    return parseMemorySize(value);
  } catch {
    throw new EnvError('DEMUR_MEMORY', value, 'give a number with a unit, such as 8GB or 512MiB');
  }
}

function mayDownload({ DEMUR_HUB, HOST }: Variables): boolean {
  if (!DEMUR_HUB) return isLoopback(HOST || '127.0.0.1');
  if (DEMUR_HUB === 'on' || DEMUR_HUB === 'off') return DEMUR_HUB === 'on';
  throw new EnvError('DEMUR_HUB', DEMUR_HUB, 'give on or off');
}

function backend(value: string): Env['backend'] {
  const choices: BackendChoice[] = ['auto', ...backendNames];
  const choice = choices.find((name) => name === value);
  if (choice === undefined) throw new EnvError('DEMUR_BACKEND', value, `give one of ${choices.join(', ')}`);
  return choice;
}

function modelRoots(variables: Variables): string[] {
  if (variables.DEMUR_MODEL_ROOTS)
    return variables.DEMUR_MODEL_ROOTS.split(path.delimiter).map((root) => path.resolve(root));
  const home = variables.HOME || homedir();
  const cache = variables.XDG_CACHE_HOME || path.join(home, '.cache');
  const huggingFace = variables.HF_HOME || path.join(cache, 'huggingface');
  const hub = variables.HF_HUB_CACHE ? [path.resolve(variables.HF_HUB_CACHE)] : [];
  const own = [process.cwd(), path.resolve(repositoryRoot), path.join(cache, 'demur'), path.resolve(huggingFace)];
  return [...new Set([...own, ...hub])];
}

/** Whether only this machine can reach a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
