/** The real model files that mutants are made of: every small model of test/golden. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const golden = join(import.meta.dirname, '../../golden');
/** Larger files would make the mutants slow and find nothing more. */
const MAX_FILE_BYTES = 600_000;

export interface Original {
  /** Path below test/golden. */
  name: string;
  format: 'directory' | 'gguf';
  /** By file name; a GGUF file is the only one, under its own name. */
  files: ReadonlyMap<string, Buffer>;
}

/** In the order of their names, so that a mutant's number says the same everywhere. */
export function readCorpus(): Original[] {
  const paths = readdirSync(golden, { recursive: true, encoding: 'utf8' }).map((path) => join(golden, path));
  const directories = paths.filter((path) => path.endsWith('config.json') && !path.includes('tokenizer_config'));
  const originals = [
    ...directories.map((path) => directory(join(path, '..'))),
    ...paths.filter((path) => path.endsWith('.gguf')).map(ggufFile),
  ];
  return originals.filter(isSmallModel).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function directory(path: string): Original {
  const names = readdirSync(path).filter((name) => statSync(join(path, name)).isFile());
  return {
    name: nameOf(path),
    format: 'directory',
    files: new Map(names.map((name) => [name, readFileSync(join(path, name))])),
  };
}

function ggufFile(path: string): Original {
  return { name: nameOf(path), format: 'gguf', files: new Map([['model.gguf', readFileSync(path)]]) };
}

function nameOf(path: string): string {
  return relative(golden, path).replaceAll('\\', '/');
}

/** Small, and more than a vocabulary: a GGUF file's count of tensors stands at byte 8. */
function isSmallModel({ format, files }: Original): boolean {
  const contents = [...files.values()];
  if (format === 'gguf' && contents.every((file) => file.readBigUInt64LE(8) === 0n)) return false;
  return contents.every((file) => file.length <= MAX_FILE_BYTES);
}
