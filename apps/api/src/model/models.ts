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
import { DemurError, openModelSource, type ModelConfig } from '@demur/model';
import { requireSlug, slugOf } from '../slug.ts';
import { allowedPath } from './allowed-path.ts';
import type { RegisterModelInput } from './model.input.ts';
import type { Model, ModelShape } from './model.type.ts';

/** A name in a spec that is neither a registered model nor a path. */
export class UnknownModelError extends DemurError {
  constructor(name: string, slugs: string[]) {
    const known = slugs.length === 0 ? 'none is registered' : `registered are ${slugs.join(', ')}`;
    super(
      'UNKNOWN_MODEL',
      `"${name}" is neither a registered model (${known}) nor the path of a directory or a .gguf file; register it with registerModel`,
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

  constructor(database: Database, roots: string[]) {
    this.#database = database;
    this.#roots = roots;
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

  /** Checks the model on disk and keeps its name, place and hashes; once more, it brings them up to date. A trusted path need not be allowed. */
  async register(input: RegisterModelInput, { isTrusted = false } = {}): Promise<Model> {
    const source = await openModelSource(isTrusted ? input.path : await allowedPath(input.path, this.#roots));
    const slug = requireSlug(input.slug ?? slugOf(path.basename(source.path, '.gguf')));
    const taken = await findModelBySlug(this.#database, slug);
    if (taken !== undefined && taken.sourcePath !== source.path) throw new ModelSlugTakenError(slug, taken.sourcePath);
    const { format, config, path: sourcePath } = source;
    const row = { slug, sourcePath, format, family: config.family, config, record: { name: input.name ?? slug } };
    return toModel(await registerModel(this.#database, { ...row, ...(await source.identity()) }));
  }

  /** Where the model lies that a spec names by its slug or by an allowed path. Throws `UnknownModelError`, `PathNotAllowedError`. */
  async pathOf(name: string): Promise<string> {
    const row = await findModelBySlug(this.#database, name);
    if (row !== undefined) return row.sourcePath;
    if (isPath(name)) return allowedPath(name, this.#roots);
    throw new UnknownModelError(
      name,
      (await listModels(this.#database)).map(({ slug }) => slug),
    );
  }
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
