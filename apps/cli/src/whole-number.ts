import { InvalidArgumentError } from 'commander';

/** A commander argument that must be a whole number, 1 or more. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('give a whole number, 1 or more.');
  return Number(text);
}
