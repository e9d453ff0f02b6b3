import { InvalidArgumentError } from 'commander';

/** A commander argument that must name a folder: an unset variable of a shell is the empty text, and would be the current one. */
export function folder(path: string): string {
  if (path === '') throw new InvalidArgumentError('give the path of a folder.');
  return path;
}
