/** The corpus on disk, to be changed file by file and put right again. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Original } from './corpus.ts';
import type { Mutant, Replacement } from './mutant.ts';

export class ModelFolder {
  readonly #root: string;

  constructor(root: string, corpus: readonly Original[]) {
    this.#root = root;
    for (const original of corpus) {
      mkdirSync(this.#folder(original), { recursive: true });
      for (const [name, content] of original.files) writeFileSync(join(this.#folder(original), name), content);
    }
  }

  /** What is opened: the directory, or the GGUF file. */
  path(original: Original): string {
    return original.format === 'gguf' ? join(this.#folder(original), 'model.gguf') : this.#folder(original);
  }

  /** Puts the mutant in place of the original file. */
  write({ original, file, replacement }: Mutant): void {
    replace(join(this.#folder(original), file), replacement);
  }

  /** Undoes `write`. */
  restore({ original, file }: Mutant): void {
    replace(join(this.#folder(original), file), original.files.get(file)!);
  }

  #folder({ name }: Original): string {
    return join(this.#root, name.replaceAll('/', '-'));
  }
}

function replace(path: string, replacement: Replacement): void {
  rmSync(path, { recursive: true, force: true });
  if (typeof replacement !== 'string') writeFileSync(path, replacement);
  else if (replacement === 'directory') mkdirSync(path);
  else if (replacement === 'loop') symlinkSync(path, path);
  else if (replacement === 'device') symlinkSync('/dev/zero', path);
  else if (replacement === 'pipe') execFileSync('mkfifo', [path]);
}
