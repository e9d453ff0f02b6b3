/** Whether every pair has the roles that a spec asks for, before the first pass. */
import { SpecError, type SpecIssue } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { ResolvedPair } from './resolved-pair.ts';
import { positionsOfRole, rolesOf } from './roles.ts';

/** Throws `SpecError` naming the first pair that has no such role, and the roles it has. */
export function requireRoles(spec: ExperimentSpec, pairs: readonly ResolvedPair[]): void {
  if (spec.kind !== 'activation-patching' || typeof spec.options.positions === 'string') return;
  const issues = spec.options.positions.flatMap((position, at) => {
    const lacking = typeof position === 'string' ? pairs.findIndex((pair) => !positionsOfRole(pair, position)) : -1;
    return lacking < 0 ? [] : [issue(position as string, { at, lacking, pair: pairs[lacking]! })];
  });
  if (issues.length > 0) throw new SpecError(issues);
}

function issue(role: string, { at, lacking, pair }: { at: number; lacking: number; pair: ResolvedPair }): SpecIssue {
  const has = Object.entries(rolesOf(pair)).map(([name, { length }]) => `${name} (${length})`);
  return {
    path: `options.positions[${at}]`,
    message: `pairs[${lacking}] has no role ${JSON.stringify(role)}; its roles, and how many tokens each has, are ${has.join(', ')}; give one of them, or "roles" with the pair`,
  };
}
