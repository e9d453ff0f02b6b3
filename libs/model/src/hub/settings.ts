// Where the Hub is, where its files are kept and who asks: Hugging Face's own environment variables, with its defaults.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HubSettingError } from './errors.ts';

export interface HubSettings {
  /** Without a slash at the end. */
  endpoint: string;
  /** Absolute; holds `models--owner--name`. */
  cacheFolder: string;
  token: string | null;
  isOffline: boolean;
}

type Environment = Record<string, string | undefined>;

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** Reads HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, the token file and HF_HUB_OFFLINE. @throws HubSettingError */
export async function hubSettings(environment: Environment = process.env): Promise<HubSettings> {
  const home = huggingFaceHome(environment);
  const cache = environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE'];
  return {
    endpoint: endpoint(environment['HF_ENDPOINT'] || DEFAULT_ENDPOINT),
    cacheFolder: cache ? resolve(expanded(cache)) : join(home, 'hub'),
    token: await token(environment, home),
    isOffline: isTrue(environment['HF_HUB_OFFLINE'] || environment['TRANSFORMERS_OFFLINE']),
  };
}

function huggingFaceHome(environment: Environment): string {
  const cache = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return resolve(expanded(environment['HF_HOME'] || join(cache, 'huggingface')));
}

function expanded(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** http or https, without a name and password, which would get into errors. */
function endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '';
  if (!isPlain) throw new HubSettingError('HF_ENDPOINT', 'give an http(s) address without name, password and query');
  return url.href.replace(/\/+$/, '');
}

/** HF_TOKEN, else the file that `hf auth login` writes. */
async function token(environment: Environment, home: string): Promise<string | null> {
  const given = environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN'];
  if (given) return requireToken('HF_TOKEN', given);
  if (isTrue(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return null;
  const file = environment['HF_TOKEN_PATH'] || join(home, 'token');
  const kept = await readFile(expanded(file), 'utf8').catch(() => '');
  return requireToken(`The token in ${file}`, kept);
}

/** A header takes printable ASCII alone; its own error would repeat the token. */
function requireToken(name: string, text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new HubSettingError(name, 'a token is one word of plain characters');
  return trimmed;
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
