/**
 * The diverging colour scale: a value to a CSS colour. The three ends are custom properties of the theme, mixed by the
 * browser in OKLab, so that a change of theme repaints without a render.
 */

/** Below 1 the scale shows small values more strongly than a straight line would. */
const gamma = 0.8;

/** Largest distance from `centre` among finite values, rounded up to two digits; 1 where there is none. */
export function symmetricExtent(values: Iterable<number | null>, centre = 0): number {
  let extent = 0;
  for (const value of values) {
    if (value !== null && Number.isFinite(value)) extent = Math.max(extent, Math.abs(value - centre));
  }
  return extent === 0 ? 1 : roundUp(extent);
}

function roundUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}

/** How much of an end's colour a signed fraction in [-1, 1] has; beyond the ends as much as they have. */
export const scaleStrength = (fraction: number): number => Math.min(1, Math.abs(fraction)) ** gamma;

/** CSS colour of a signed fraction in [-1, 1]; outside it the ends, and a cell without a value has its own colour. */
export function divergingColour(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return 'var(--missing)';
  const end = fraction < 0 ? 'var(--scale-negative)' : 'var(--scale-positive)';
  return `color-mix(in oklab, ${end} ${(scaleStrength(fraction) * 100).toFixed(1)}%, var(--scale-zero))`;
}

/** The scale as a CSS gradient, left to right, for a legend. */
export function divergingGradient(stops = 13): string {
  const colours = Array.from({ length: stops }, (_, i) => divergingColour((2 * i) / (stops - 1) - 1));
  return `linear-gradient(to right, ${colours.join(', ')})`;
}
