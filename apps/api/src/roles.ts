/** Who may do what: a reader queries, a runner also runs experiments and keeps data, an admin also registers models. */

/** Roles from the least to the most. */
export const ROLES = ['reader', 'runner', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether `role` is at least one of the `required` ones. */
export function hasRole(role: Role | null, required: readonly Role[]): boolean {
  return role !== null && required.some((needed) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
}
