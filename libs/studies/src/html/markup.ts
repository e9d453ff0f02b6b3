/** Markup as strings, for HTML and for SVG in it: elements, and text made safe for both. Not a template language. */
import { coordinateText } from '@demur/charts';

/** Text of an element: nothing in it is markup, and every character of it can be seen. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(unseen, visible)
    .replace(/[&<>]/g, (sign) => entities[sign] ?? sign);
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Controls, which a document may not hold or a reader does not see, and marks that change the direction of what follows. */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;

const signs: Record<string, string> = { '\n': '⏎', '\r': '␍', '\t': '⇥' };

/** A line end as its sign; another control as the picture that Unicode has of it, or as the sign of what cannot be shown. */
function visible(control: string): string {
  const code = control.charCodeAt(0);
  return signs[control] ?? (code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '\ufffd');
}

/** Numbers are written to a tenth; undefined leaves the attribute out. */
export type Attributes = Record<string, string | number | undefined>;

/** An element around `children`, which are markup already. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const all = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const written = all.map(([key, value]) => ` ${key}="${attributeText(value ?? '')}"`).join('');
  return `<${name}${written}>${children.join('')}</${name}>`;
}

const attributeText = (value: string | number): string =>
  typeof value === 'number' ? coordinateText(value) : escapeText(value).replaceAll('"', '&quot;');

/** Long text cut to so many characters, the last of them a sign that there was more. */
export function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
