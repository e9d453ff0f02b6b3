/** A prompt in parts, and which of them differ from its counterpart's. Parts are words, or token ids where the prompt is given so. */

export interface Part {
  text: string;
  differs: boolean;
}

/** Words with the space before them; for `{ tokens }` the ids. */
export function promptParts(prompt: unknown, text: string): string[] {
  if (typeof prompt === 'object' && prompt !== null && 'tokens' in prompt && Array.isArray(prompt.tokens))
    return prompt.tokens.map((id, i) => `${i === 0 ? '' : ' '}${String(id)}`);
  return text.match(/\s*[\p{L}\p{N}]+|\s*[^\s\p{L}\p{N}]|\s+$/gu) ?? [];
}

/** What lies between the longest common beginning and the longest common end differs. */
export function differingParts(first: readonly string[], second: readonly string[]): { first: Part[]; second: Part[] } {
  const shortest = Math.min(first.length, second.length);
  let start = 0;
  while (start < shortest && first[start] === second[start]) start += 1;
  let end = 0;
  while (end < shortest - start && first.at(-1 - end) === second.at(-1 - end)) end += 1;
  const mark = (parts: readonly string[]): Part[] =>
    parts.map((text, i) => ({ text, differs: i >= start && i < parts.length - end }));
  return { first: mark(first), second: mark(second) };
}
