/** A hash of text (FNV-1a, 32 bit), for choices that depend on the words alone. */
export function textHash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return value;
}
