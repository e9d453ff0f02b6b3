/** Numbers as the sentences of reports write them. */

/** Three significant digits at most, with a true minus: `−0.0312`, `12.3`, `0`. */
export function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return digits.replace('-', '−');
}

/** `0.983` as `98 %`; one digit more within a percent of none or all, where it matters. */
export function percent(share: number): string {
  const isNearAnEnd = (share > 0 && share < 0.01) || (share > 0.99 && share < 1);
  return `${(100 * share).toFixed(isNearAnEnd ? 1 : 0)} %`.replace('-', '−');
}

/** With its first letter as a sentence has it. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `1 pair`, `123,211 edges`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `layer 2`, `layers 0, 2 and 4`, or of many `20 layers from 1 to 29`. */
export function layersText(layers: readonly number[]): string {
  const own = [...new Set(layers)].sort((a, b) => a - b);
  if (own.length > 8) return `${own.length} layers from ${own[0]} to ${own.at(-1)}`;
  return `layer${own.length === 1 ? '' : 's'} ${listed(own.map(String))}`;
}
