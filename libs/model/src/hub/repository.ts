// What the Hub says about a repository: its commit and file names, and a file's size and hash. No file's content.

import {
  HubAnswerError,
  HubFileNotFoundError,
  HubGatedError,
  HubRepositoryNotFoundError,
  HubRevisionNotFoundError,
} from './errors.ts';
import { isCommit } from './reference.ts';
import type { HubReference } from './reference.ts';
import { ask, retrying } from './request.ts';
import type { HubAnswer, HubContext } from './request.ts';

/** A repository at a commit. */
export interface Repository {
  id: string;
  commit: string;
  /** Paths of all files, checked not to lead out of a folder. */
  files: string[];
}

/** A file as the Hub describes it. */
export interface FileFacts {
  path: string;
  /** SHA-256 of a large file, git's SHA-1 of a small one, else something that names this content. */
  etag: string;
  size: number;
}

/** Enough for a hiccup; who has no network should not wait. */
const TRIES = 3;
const MOST_LISTING_BYTES = 64 * 2 ** 20;

/** Looks a revision up. @throws HubRepositoryNotFoundError, HubRevisionNotFoundError, HubGatedError and the request's */
export async function readRepository({ id, revision }: HubReference, context: HubContext): Promise<Repository> {
  const address = `${context.settings.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const json = await retrying(() => readListing(address, { id, revision }, context), { context, tries: TRIES });
  const { sha, siblings } = json as { sha?: unknown; siblings?: { rfilename?: unknown }[] };
  const host = new URL(address).host;
  if (typeof sha !== 'string' || !isCommit(sha)) throw new HubAnswerError(host, `${id} comes without a commit`);
  if (!Array.isArray(siblings)) throw new HubAnswerError(host, `${id} comes without a list of files`);
  return { id, commit: sha, files: siblings.map((sibling) => requireInside(sibling?.rfilename, { host, id })) };
}

async function readListing(address: string, wanted: { id: string; revision: string }, context: HubContext) {
  const answer = await ask(address, { method: 'GET' }, context);
  const { host } = new URL(address);
  try {
    await requireFound(answer, { ...wanted, file: null }, context);
    const text = await boundedText(answer, host);
    return (JSON.parse(text) ?? {}) as object;
  } catch (error) {
    if (error instanceof SyntaxError) throw new HubAnswerError(host, 'no JSON where the list of files should be');
    throw error;
  } finally {
    answer.close();
  }
}

/** The body, as long as it is no flood. */
async function boundedText(answer: HubAnswer, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.chunks()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_LISTING_BYTES) throw new HubAnswerError(host, 'a list of files that does not end');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Names with a step up, absolute ones and those with odd separators come from no honest Hub. */
function requireInside(name: unknown, { host, id }: { host: string; id: string }): string {
  const isInside =
    typeof name === 'string' &&
    name !== '' &&
    // eslint-disable-next-line no-control-regex -- a control character is what is looked for
    !/[\\\u0000-\u001f]|^[a-z]:/i.test(name) &&
    name.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (isInside) return name;
  throw new HubAnswerError(host, `${id} lists a file named ${JSON.stringify(name)}, which could lie outside the cache`);
}

/** Where a file at a commit is fetched from. */
export function fileAddress({ id, commit }: Pick<Repository, 'id' | 'commit'>, path: string, endpoint: string): string {
  return `${endpoint}/${id}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** Size and hash of a file, before it is fetched. @throws HubFileNotFoundError, HubGatedError and the request's */
export async function readFileFacts(repository: Repository, path: string, context: HubContext): Promise<FileFacts> {
  const address = fileAddress(repository, path, context.settings.endpoint);
  const wanted = { id: repository.id, revision: repository.commit, file: path };
  return retrying(
    async () => {
      const answer = await askForFacts(address, context);
      try {
        if (answer.status >= 400) await requireFound(answer, wanted, context);
        return factsOf(path, answer, new URL(address).host);
      } finally {
        answer.close();
      }
    },
    { context, tries: TRIES },
  );
}

/** HEAD; where a mirror or the host behind it does not take that, GET, whose content is not read. */
async function askForFacts(address: string, context: HubContext): Promise<HubAnswer> {
  const answer = await ask(address, { method: 'HEAD' }, context);
  if (![403, 404, 405].includes(answer.status)) return answer;
  answer.close();
  return ask(address, { method: 'GET' }, context);
}

/** What the Hub says of a file it links to counts before what the other host says. */
function factsOf(path: string, answer: HubAnswer, host: string): FileFacts {
  const etag = answer.firstHeader('x-linked-etag') ?? answer.header('etag') ?? '';
  const hash = etag.replace(/^W\//, '').replaceAll('"', '');
  const size = answer.firstHeader('x-linked-size') ?? answer.header('content-length') ?? '';
  if (!/^[\w-]{1,128}$/.test(hash)) throw new HubAnswerError(host, `${path} comes without a hash (ETag)`);
  if (!/^\d{1,15}$/.test(size)) throw new HubAnswerError(host, `${path} comes without its size`);
  return { path, etag: hash, size: Number(size) };
}

interface Wanted {
  id: string;
  revision: string;
  /** null: the list of files was asked for. */
  file: string | null;
}

/** Turns every refusal into what it means. */
export async function requireFound(answer: HubAnswer, wanted: Wanted, context: HubContext): Promise<void> {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const { endpoint, token } = context.settings;
  const where = { endpoint, hasToken: token !== null };
  const { host } = new URL(endpoint);
  if (answer.host !== host) throw new HubAnswerError(answer.host, `status ${status} for ${wanted.id}/${wanted.file}`);
  const code = answer.header('x-error-code') ?? '';
  if (code === 'RepoNotFound') throw new HubRepositoryNotFoundError(wanted.id, where);
  if (code === 'RevisionNotFound') throw new HubRevisionNotFoundError(wanted.id, wanted.revision);
  if (status === 401 || status === 403) throw new HubGatedError(wanted.id, where);
  if (status !== 404) throw new HubAnswerError(host, `status ${status} for ${wanted.id}`);
  if (wanted.file !== null)
    throw new HubFileNotFoundError(wanted.id, wanted.file, 'the repository may have changed; try again');
  if (await exists(wanted.id, context)) throw new HubRevisionNotFoundError(wanted.id, wanted.revision);
  throw new HubRepositoryNotFoundError(wanted.id, where);
}

/** For a Hub that does not say whether it is the repository or the revision that is not there. */
async function exists(id: string, context: HubContext): Promise<boolean> {
  const answer = await ask(`${context.settings.endpoint}/api/models/${id}`, { method: 'GET' }, context);
  answer.close();
  return answer.status === 200;
}
