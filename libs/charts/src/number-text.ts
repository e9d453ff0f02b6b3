/** Numbers as people read them. */

/** Three significant digits, or as many as asked for, with a real minus sign; `none` for null and NaN. */
export function numberText(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'none';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 0.001 || size >= 100_000 ? value.toExponential(digits - 1) : fixed(value, size, digits);
  return text.replace('-', '−');
}

/** A round number, such as a tick's, with all its digits and a real minus sign. */
export const numeralText = (value: number): string => String(value).replace('-', '−');

const fixed = (value: number, size: number, digits: number): string =>
  value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));

/** 1592881 → 1,592,881 */
export const countText = (count: number): string => count.toLocaleString('en-US');

/** Seconds as `0.42 s`, `12.3 s`, `3 min 5 s`, `2 h 4 min`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 543188480 → `518 MiB` */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** power).toPrecision(3)} ${units[power]}`;
}
