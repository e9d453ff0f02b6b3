/** How long ago a moment was. */

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
];

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `just now`, `5 minutes ago`, `yesterday`; both arguments in milliseconds since 1970. */
export function agoText(then: number, now: number): string {
  let amount = Math.min(0, (then - now) / 1000);
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return unit === 'second' ? 'just now' : words.format(Math.round(amount), unit);
    amount /= size;
  }
  return new Date(then).toISOString();
}
