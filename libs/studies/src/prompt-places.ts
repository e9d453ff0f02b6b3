/** The places of a prompt that a study patches: by role where pairs have them, else counted from the end. */
import type { ResolvedPair } from '@demur/interp';

/** A place, as specs ask for it (a role, or a column from the end) and as reports call it. */
export interface PromptPlace {
  position: string | number;
  label: string;
  /** In a sentence: `at the object`. */
  at: string;
}

export interface PromptPlaces {
  /** The word that the prompts of a pair differ in. */
  object: PromptPlace;
  /** The token right after it; null where pairs have none at one place, or it is the last. */
  after: PromptPlace | null;
  /** The position that the answer is read at. */
  last: PromptPlace;
}

const AFTER = { label: 'after the object', at: 'at the token after the object' };

/** Where pairs have no role `object`, the object is where their prompts differ. */
export function promptPlaces(pairs: readonly ResolvedPair[]): PromptPlaces {
  const haveRole = (role: string) => pairs.every((pair) => pair.roles?.[role] !== undefined);
  const last = { position: 'last', label: 'last position', at: 'at the last position' };
  if (!haveRole('object')) {
    const object = {
      position: 'difference',
      label: 'object (where the prompts differ)',
      at: 'where the prompts differ',
    };
    return { object, after: afterDifference(pairs), last };
  }
  const after =
    haveRole('after-object') && pairs.some((pair) => pair.roles!['after-object']![0] !== pair.clean.length - 1);
  return {
    object: { position: 'object', label: 'object', at: 'at the object' },
    after: after ? { ...AFTER, position: 'after-object' } : null,
    last,
  };
}

/** The column after the last difference, where that is one column from the end in all pairs. */
function afterDifference(pairs: readonly ResolvedPair[]): PromptPlace | null {
  const columns = new Set(
    pairs.map(({ clean, corrupted }) => clean.findLastIndex((id, at) => id !== corrupted[at]) + 1 - clean.length),
  );
  const [column = 0] = columns;
  return columns.size > 1 || column > -2 ? null : { ...AFTER, position: column };
}

/** The places that there are, in the order of the prompt. */
export function placesInOrder({ object, after, last }: PromptPlaces): PromptPlace[] {
  return [object, ...(after === null ? [] : [after]), last];
}
