/** How a wrong value in a spec is told: the value, then what would be right. Not where it is: that is the issue's path. */
import { z } from 'zod';

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** A value as it reads in JSON, cut to a line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** zod's `error` parameter for a field: `"3" is not WHAT`, or `missing; give WHAT`. */
export function expecting(what: string): { error: z.core.$ZodErrorMap } {
  return {
    error: (issue) => (issue.input === undefined ? `missing; give ${what}` : `${show(issue.input)} is not ${what}`),
  };
}

/** As `expecting`, for a choice of which some values are known but cannot run in this version. */
export function choice(
  allowed: readonly string[],
  later: (input: unknown) => boolean = () => false,
): { error: z.core.$ZodErrorMap } {
  const options = allowed.map((name) => JSON.stringify(name)).join(', ');
  return {
    error: (issue: RawIssue) =>
      later(issue.input)
        ? `${show(issue.input)} is not available yet; use ${options}`
        : `${show(issue.input)} is not one of ${options}`,
  };
}

/** An object that refuses fields it does not know; the message lists those it does. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape, what: string) {
  const allowed = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `not a field here; use ${allowed}` : expecting(what).error(issue),
  });
}
