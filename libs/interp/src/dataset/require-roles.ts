/** Whether every pair has the roles that a spec asks for, before the first pass. */
import { SpecError, type SpecIssue } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { ResolvedPair } from './resolved-pair.ts';
import { positionsOfRole, rolesOf } from './roles.ts';

/** Throws `SpecError` naming the first pair that has no such role, and the roles it has. */
export function requireRoles(spec: ExperimentSpec, pairs: readonly ResolvedPair[]): void {
  const issues = askedOf(spec).flatMap(({ path, position }) => {
    const lacking = pairs.findIndex((pair) => !hasPosition(spec, pair, position));
    return lacking < 0 ? [] : [issue(position, { path, lacking, pair: pairs[lacking]! })];
  });
  if (issues.length > 0) throw new SpecError(issues);
}

/** The positions that a spec asks for, and where it does. */
function askedOf(spec: ExperimentSpec): { path: string; position: number | string }[] {
  const listed = (list: readonly (number | string)[], path: string) =>
    list.map((position, at) => ({ path: `${path}[${at}]`, position }));
  if (spec.kind === 'activation-patching')
    return typeof spec.options.positions === 'string' ? [] : listed(spec.options.positions, 'options.positions');
  if (spec.kind === 'generation')
    return (spec.options.patches ?? []).flatMap(({ positions }, at) =>
      typeof positions === 'string' ? [] : listed(positions, `options.patches[${at}].positions`),
    );
  if (spec.kind === 'head-scan') return [{ path: 'options.steerPosition', position: spec.options.steerPosition }];
  if (spec.kind !== 'direction') return [];
  const { position } = spec.options;
  return Array.isArray(position) ? listed(position, 'options.position') : [{ path: 'options.position', position }];
}

/** A patching leaves out pairs without a column; a mean is over all of them. */
function hasPosition({ kind }: ExperimentSpec, pair: ResolvedPair, position: number | string): boolean {
  if (typeof position === 'string') return positionsOfRole(pair, position) !== undefined;
  const patches = kind === 'activation-patching' || kind === 'generation';
  return patches || (position < 0 && -position <= pair.clean.length);
}

function issue(
  position: number | string,
  { path, lacking, pair }: { path: string; lacking: number; pair: ResolvedPair },
): SpecIssue {
  const { length: columns } = pair.clean;
  if (typeof position === 'number')
    return {
      path,
      message: `${position} is no column of pairs[${lacking}], which has ${columns} tokens; give a column from -${columns} to -1`,
    };
  const has = Object.entries(rolesOf(pair)).map(([name, { length }]) => `${name} (${length})`);
  return {
    path,
    message: `pairs[${lacking}] has no role ${JSON.stringify(position)}; its roles, and how many tokens each has, are ${has.join(', ')}; give one of them, or "roles" with the pair`,
  };
}
