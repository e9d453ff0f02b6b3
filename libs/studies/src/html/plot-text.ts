/** Text in a drawing: how wide it is, about, and how much of it there is room for. */
import { cut, element, escapeText, type Attributes } from './markup.ts';

/** Of one character of 11 pixels in a common face, rather more than less. */
const characterWidth = 6.4;

export const lineHeight = 14;

/** Characters of the name of a row or a column, at most; a series has more room. */
const longestLabel = 20;

export const shortLabel = (label: string): string => cut(visibleEnds(label), longestLabel);

/** A token's leading space is a sign that can be seen; nothing at all has a sign too. */
const visibleEnds = (label: string): string => (label === '' ? '∅' : label.replace(/^ | $/g, '·'));

/** Pixels that a text is wide. */
export const textWidth = (text: string): number => [...text].length * characterWidth;

export const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));

/** The name of a row or a column; what was cut off is told when the pointer rests on it. */
export function label(text: string, attributes: Attributes): string {
  const shown = shortLabel(text);
  return element('text', attributes, escapeText(shown), shown === text ? '' : element('title', {}, escapeText(text)));
}

/** Those of ascending places whose texts keep clear of the one before. */
export function spaced<T>(items: readonly T[], where: (item: T) => { place: number; width: number }): T[] {
  let end = -Infinity;
  return items.filter((item) => {
    const { place, width } = where(item);
    if (place - width / 2 < end) return false;
    end = place + width / 2 + characterWidth;
    return true;
  });
}
