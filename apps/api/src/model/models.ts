/** Registered models, and what a spec calls a model. */
import path from 'node:path';
import {
  findModel,
  findModelBySlug,
  listModels,
  registerModel,
  type Database,
  type Model as ModelRow,
} from '@demur/db';
import {
  DemurError,
  hubReferenceOf,
  openModelSource,
  type HubReference,
  type ModelConfig,
  type ResolveOptions,
} from '@demur/model';
import { requireSlug, slugOf } from '../slug.ts';
import { allowedPath } from './allowed-path.ts';
import { HubModels } from './hub-models.ts';
import type { ModelDownload } from './model-download.type.ts';
import { ModelDownloads } from './model-downloads.ts';
import type { RegisterModelInput } from './model.input.ts';
import type { Model, ModelShape } from './model.type.ts';

/** A name in a spec that is neither a registered model nor a path. */
export class UnknownModelError extends DemurError {
  constructor(name: string, slugs: string[]) {
    const known = slugs.length === 0 ? 'none is registered' : `registered are ${slugs.join(', ')}`;
    super(
      'UNKNOWN_MODEL',
      `"${name}" is neither a registered model (${known}) nor the path of a directory or a .gguf file, nor a Hub id (owner/name); register it with registerModel`,
      { path: 'model' },
    );
  }
}

/** A slug that another model has. */
export class ModelSlugTakenError extends DemurError {
  constructor(slug: string, taken: string) {
    super('SLUG_TAKEN', `The slug "${slug}" belongs to the model at ${taken}; choose another one`, { path: 'slug' });
  }
}

export class Models {
  readonly #database: Database;
  readonly #roots: string[];
  readonly #hub: HubModels;
  readonly #downloads = new ModelDownloads<Model>();

  constructor(database: Database, { roots, mayDownload }: { roots: string[]; mayDownload: boolean }) {
    this.#database = database;
    this.#roots = roots;
    this.#hub = new HubModels({ roots, mayDownload });
  }

  async list(): Promise<Model[]> {
    return (await listModels(this.#database)).map(toModel);
  }

  async byId(id: string): Promise<Model | null> {
    const row = await findModel(this.#database, id);
    return row === undefined ? null : toModel(row);
  }

  async bySlug(slug: string): Promise<Model | null> {
    const row = await findModelBySlug(this.#database, slug);
    return row === undefined ? null : toModel(row);
  }

  /** Downloads of models to register, newest first. */
  downloads(): ModelDownload[] {
    return this.#downloads.list();
  }

  /** Ends the downloads; what came of them is kept. */
  close(): Promise<void> {
    return this.#downloads.close();
  }

  /**
   * Checks the model and keeps its name, place and hashes; once more, it brings them up to date. A trusted path need not
   * be allowed. Throws `ModelDownloadingError` where a model of the Hub takes long: it is registered once it is there.
   */
  async register(input: RegisterModelInput, { isTrusted = false } = {}): Promise<Model> {
    if (isTrusted) return this.#registerAt(input.path, input);
    const reference = await hubReferenceOf(input.path);
    if (reference === null) return this.#registerAt(await allowedPath(input.path, this.#roots), input);
    const slug = requireSlug(input.slug ?? slugOf(nameOf(reference)));
    if (!(await this.#hub.isHere(input.path))) await this.#hub.requireDownloadable(reference);
    return this.#downloads.finish({ reference: input.path, slug }, async (options) =>
      this.#registerAt(await this.#hub.pathOf(input.path, options), { ...input, slug }),
    );
  }

  async #registerAt(file: string, input: RegisterModelInput): Promise<Model> {
    const source = await openModelSource(file);
    const slug = requireSlug(input.slug ?? slugOf(path.basename(source.path, '.gguf')));
    const taken = await findModelBySlug(this.#database, slug);
    if (taken !== undefined && placeOf(taken.sourcePath) !== placeOf(source.path))
      throw new ModelSlugTakenError(slug, taken.sourcePath);
    const { format, config, path: sourcePath } = source;
    const row = { slug, sourcePath, format, family: config.family, config, record: { name: input.name ?? slug } };
    return toModel(await registerModel(this.#database, { ...row, ...(await source.identity()) }));
  }

  /**
   * Where the model lies that a spec names by its slug, an allowed path or a Hub id, which is downloaded if need be.
   * Throws `UnknownModelError`, `PathNotAllowedError`, the download's errors.
   */
  async pathOf(name: string, options: ResolveOptions = {}): Promise<string> {
    const row = await findModelBySlug(this.#database, name);
    if (row !== undefined) return row.sourcePath;
    if ((await hubReferenceOf(name)) !== null) return this.#hub.pathOf(name, options);
    if (isPath(name)) return allowedPath(name, this.#roots);
    throw new UnknownModelError(
      name,
      (await listModels(this.#database)).map(({ slug }) => slug),
    );
  }

  /** The path of a file that a spec names beside its model, if it lies where models may. Throws `PathNotAllowedError`. */
  allowedFile(file: string): Promise<string> {
    return allowedPath(file, this.#roots);
  }

  /** As `pathOf`, without asking the Hub. Throws where a model would have to be downloaded. */
  pathHere(name: string): Promise<string> {
    return this.pathOf(name, { offline: 'the job downloads it' });
  }

  /** Whether a spec names a model that has to be downloaded first; that it can be is made sure. */
  async isToDownload(name: string): Promise<boolean> {
    if ((await findModelBySlug(this.#database, name)) !== undefined) return false;
    const reference = await hubReferenceOf(name);
    if (reference === null || (await this.#hub.isHere(name))) return false;
    await this.#hub.requireDownloadable(reference);
    return true;
  }
}

/** The path without the commit, where it lies in Hugging Face's cache: a newer commit is the same model brought up to date. */
function placeOf(file: string): string {
  return file.replace(/([\\/]snapshots[\\/])[0-9a-f]{40}(?=[\\/]|$)/, '$1');
}

/** The repository's name, with the quantisation where that was asked for; else the GGUF file's own. */
function nameOf({ id, file }: HubReference): string {
  const name = path.basename(id);
  if (file === null) return name;
  return isPath(file) ? path.basename(file, '.gguf') : `${name}-${file}`;
}

function isPath(name: string): boolean {
  return path.isAbsolute(name) || /[/\\]/.test(name) || name.endsWith('.gguf') || name === '.';
}

function toModel(row: ModelRow): Model {
  const { id, slug, sourcePath, format, family, createdAt, revision, tokenizerSha256, chatTemplateSha256 } = row;
  const record = row.record as { name?: string } | null;
  return {
    ...{ id, slug, format, family, createdAt, revision, tokenizerSha256, chatTemplateSha256 },
    name: record?.name ?? slug,
    path: sourcePath,
    shape: row.config as ModelConfig as ModelShape,
    weightsSha256: row.weightsSha256 ?? '',
    dtype: row.dtype ?? '',
  };
}
