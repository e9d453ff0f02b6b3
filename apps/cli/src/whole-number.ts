import { InvalidArgumentError } from 'commander';

/** A commander argument that must be a whole number, 1 or more. */
export function wholeNumber(text: string): number {
  return numberFrom(text, 1);
}

/** A commander argument that seeds what is drawn: a whole number, 0 or more. */
export function seedNumber(text: string): number {
  return numberFrom(text, 0);
}

function numberFrom(text: string, least: number): number {
  if (!/^(0|[1-9]\d{0,5})$/.test(text) || Number(text) < least)
    throw new InvalidArgumentError(`give a whole number, ${least} or more.`);
  return Number(text);
}
