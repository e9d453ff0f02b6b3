/** What the columns of a grid are called: their token where all prompts have the same, else the role of their token. */
import type { ResultPair } from '@demur/interp';

/** @param columns counted from the end, negative. */
export function columnLabels(pairs: readonly ResultPair[], columns: readonly number[]): string[] {
  return columns.map((column) => {
    const tokens = new Set(
      pairs.flatMap(({ clean, corrupted }) => [clean, corrupted].map(({ strings }) => strings.at(column))),
    );
    const [token] = tokens;
    if (tokens.size === 1 && token !== undefined) return visible(token);
    return roleAt(pairs, column) ?? String(column).replace('-', '−');
  });
}

/** White space would leave no label. */
function visible(token: string): string {
  return token.replaceAll('\n', '⏎').trim() || '␣';
}

/** The role that most pairs' tokens have in a column, of those that say more than that they are of the template. */
function roleAt(pairs: readonly ResultPair[], column: number): string | undefined {
  const roles = pairs.flatMap(({ clean, roles: own }) =>
    Object.keys(own).filter((role) => role !== 'template' && own[role]!.includes(clean.tokens.length + column)),
  );
  const counts = [...Map.groupBy(roles, (role) => role)].sort(([, a], [, b]) => b.length - a.length);
  return counts[0]?.[0];
}
