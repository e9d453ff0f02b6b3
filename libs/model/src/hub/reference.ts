// How a model on the Hub is written: owner/name, owner/name@revision, owner/name:file.gguf, owner/name@revision:Q4_K_M.
// Not a look-up: whether it exists, only the Hub knows.

/** A repository of the Hub, a revision of it, and the GGUF file in it or null for the model in its root. */
export interface HubReference {
  /** `owner/name` */
  id: string;
  /** Branch, tag or commit. */
  revision: string;
  /** A GGUF file's path in the repository, or its quantisation: `Q4_K_M`. */
  file: string | null;
}

const PARTS = /^(?<id>[^@:/]+\/[^@:/]+)(?:@(?<before>[^@:]+))?(?::(?<file>[^@:]+))?(?:@(?<after>[^@:]+))?$/;
const SEGMENT = /^[A-Za-z0-9_][\w.-]{0,95}$/;
const MODEL_FILE = /\.(gguf|safetensors|bin|pt|pth|pkl|ckpt|json)$/i;

/** The reference that `text` is, or null where it can only be a path. Two plain names with a slash between may be both. */
export function parseHubReference(text: string): HubReference | null {
  const { id, before, file, after } = PARTS.exec(text)?.groups ?? {};
  if (id === undefined || !isRepositoryId(id)) return null;
  if (before !== undefined && after !== undefined) return null;
  const revision = before ?? after ?? 'main';
  if (!isRevision(revision) || (file !== undefined && !isPlainPath(file))) return null;
  if (text === id && MODEL_FILE.test(id)) return null;
  return { id, revision, file: file ?? null };
}

/** `owner/name@revision:file` as it is written in errors. */
export function showReference({ id, revision, file }: HubReference): string {
  return `${id}${revision === 'main' ? '' : `@${revision}`}${file === null ? '' : `:${file}`}`;
}

/** Whether `text` is a commit's full hash. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** Whether a path of a repository is plain: no step up, no absolute path, no character with a meaning to a file system. */
export function isPlainPath(path: string): boolean {
  return path.length <= 400 && path.split('/').every((segment) => /^[\w][\w.+ ()=,-]{0,199}$/.test(segment));
}

/** As the Hub has it: two names, without `--` and `..`, not ending in `.git` or a dot. */
function isRepositoryId(id: string): boolean {
  return id.split('/').every((part) => SEGMENT.test(part)) && !/--|\.\.|\.git$|\.$/.test(id);
}

function isRevision(revision: string): boolean {
  const segments = revision.split('/');
  return revision.length <= 200 && segments.every((segment) => SEGMENT.test(segment)) && !/\.\.|\.lock$/.test(revision);
}
