/**
 * Roles of a pair: given as positions, or by its prompts' slots, and asked for by name. `last`, the answer position, and
 * `difference`, where the prompts differ, are roles of every pair. `object[0]` is the first token of a role, `object[-1]` its
 * last: `template[3]` is the fourth token of no slot.
 */
import { roleReference, type PairSpec } from '../spec/pair.ts';
import { RoleError } from './errors.ts';
import type { ResolvedPair, Roles } from './resolved-pair.ts';

const built = ['last', 'difference', 'template'];

/** The roles given in a pair, as positions from the start of its `length` tokens. Throws `RoleError`. */
export function givenRoles(roles: PairSpec['roles'], length: number, path: string): Roles {
  return Object.fromEntries(
    Object.entries(roles ?? {}).map(([name, positions]) => {
      if (built.includes(name))
        throw new RoleError(`${path}.${name}`, `"${name}" is a role of its own making; choose another name`);
      return [name, positionsIn(positions, length, `${path}.${name}`)];
    }),
  );
}

function positionsIn(positions: readonly number[], length: number, path: string): number[] {
  const taken = new Set<number>();
  for (const [i, given] of positions.entries()) {
    const position = given < 0 ? length + given : given;
    const at = `${path}[${i}]`;
    if (position < 0 || position >= length)
      throw new RoleError(
        at,
        `${given} is no position of ${length} tokens; give 0 to ${length - 1}, or -${length} to -1`,
      );
    if (taken.has(position)) throw new RoleError(at, `${given} is position ${position}, which is given already`);
    taken.add(position);
  }
  return [...taken].sort((a, b) => a - b);
}

/** The roles of a pair from those of its parts, which must agree where they have the same. Throws `RoleError`. */
export function joinedRoles(parts: { says: string; roles: Roles }[], path: string): Roles {
  const joined: Record<string, { says: string; positions: readonly number[] }> = {};
  for (const { says, roles } of parts)
    for (const [name, positions] of Object.entries(roles)) {
      const known = (joined[name] ??= { says, positions });
      if (known.positions.join() !== positions.join())
        throw new RoleError(
          path,
          `role "${name}" is at ${placesText(known.positions)} by ${known.says} and at ${placesText(positions)} by ${says}; it must be the same tokens in both`,
        );
    }
  return Object.fromEntries(Object.entries(joined).map(([name, { positions }]) => [name, positions]));
}

function placesText(positions: readonly number[]): string {
  return `${positions.length === 1 ? 'position' : 'positions'} ${positions.join(', ')}`;
}

/** Positions where the two prompts have different tokens. */
export function differingPositions({ clean, corrupted }: Pick<ResolvedPair, 'clean' | 'corrupted'>): number[] {
  return clean.flatMap((id, at) => (id === corrupted[at] ? [] : [at]));
}

/** Every role of a pair. */
export function rolesOf(pair: ResolvedPair): Roles {
  return { ...pair.roles, difference: differingPositions(pair), last: [pair.clean.length - 1] };
}

/** The positions, in the pair's own tokens, that `reference` asks for; undefined where the pair has none such. */
export function positionsOfRole(pair: ResolvedPair, reference: string): readonly number[] | undefined {
  const [, name = '', index] = roleReference.exec(reference) ?? [];
  const roles = rolesOf(pair);
  const positions = Object.hasOwn(roles, name) ? roles[name]! : undefined;
  if (positions === undefined || index === undefined) return positions;
  const position = positions.at(Number(index));
  return position === undefined ? undefined : [position];
}
