/**
 * The roles that slots give to tokens, from the tokens' places in the rendered text: `object` (all tokens of its filling),
 * `after-object` (the token right after), `template` (all tokens of no slot). How roles are asked for is roles.ts's.
 */
import type { Tokenizer } from '@demur/model';
import { RoleError } from './errors.ts';
import type { Roles } from './resolved-pair.ts';
import type { RenderedPrompt, SlotSpan } from './slots.ts';
import { tokenSpans, type TokenSpan } from './token-spans.ts';

/** A token with a character of a filling is of its slot, so that a leading space belongs to it and the full stop does not. */
export function slotRoles(
  tokens: readonly number[],
  { text, spans }: RenderedPrompt,
  { tokenizer, path }: { tokenizer: Tokenizer; path: string },
): Roles {
  const places = tokenSpans(tokens, text, tokenizer);
  if (places === undefined)
    throw new RoleError(
      `${path}.slots`,
      tokenizer.unkTokenId !== null && tokens.includes(tokenizer.unkTokenId)
        ? `the tokenizer does not know all words of ${JSON.stringify(text)}; use words that it knows`
        : "the tokens do not spell the prompt, since the tokenizer changes it; give the pair's roles as positions",
    );
  const roles: Record<string, number[]> = {};
  const filled = new Set<number>();
  for (const span of spans) {
    const positions = positionsOf(span, places);
    if (positions.length === 0) throw new RoleError(`${path}.slots.${span.slot}`, 'it is empty; give it a text');
    (roles[span.slot] ??= []).push(...positions);
    const after = positions.at(-1)! + 1;
    if (after < tokens.length) (roles[`after-${span.slot}`] ??= []).push(after);
    for (const position of positions) filled.add(position);
  }
  roles['template'] = [...tokens.keys()].filter((position) => !filled.has(position));
  return roles;
}

function positionsOf({ start, end }: SlotSpan, places: readonly TokenSpan[]): number[] {
  return places.flatMap((place, at) => (place.start < end && place.end > start ? [at] : []));
}
