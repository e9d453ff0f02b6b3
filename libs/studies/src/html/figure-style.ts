/** How figures look: the colours of the page's theme, or where a page has none, of a light one. */

/** Every rule is inside its class, for a figure's style reaches the page that it stands in. */
export const figureClass = 'demur-figure';

const colours = {
  ink: 'var(--ink, #1f1d1a)',
  muted: 'var(--muted, #69645c)',
  line: 'var(--line, #e3dfd7)',
  strongLine: 'var(--line-strong, #c9c3b8)',
  missing: 'var(--missing, #ddd8ce)',
  zero: 'var(--scale-zero, #efece6)',
  positive: 'var(--scale-positive, #b4490b)',
  negative: 'var(--scale-negative, #1d5fa6)',
};

/** The colours of series where the page has none. */
const seriesColours = ['#c2500e', '#1d5fa6', '#007a5a', '#a1428b', '#7a6400', '#4f4f57'];

export const seriesCount = seriesColours.length;

const rules: Record<string, string> = {
  text: `font: 11px var(--sans, system-ui, sans-serif); fill: ${colours.muted}; font-variant-numeric: tabular-nums`,
  '.grid': `stroke: ${colours.line}`,
  '.zero': `stroke: ${colours.strongLine}; stroke-dasharray: 4 4`,
  '.mark': 'fill: currentColor',
  '.band': 'fill: currentColor; opacity: 0.16',
  '.line': 'fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round',
  '.second': 'stroke-dasharray: 6 4',
  '.bin': 'fill: currentColor; fill-opacity: 0.4; stroke: currentColor',
  '.interval': `fill: none; stroke: ${colours.ink}; stroke-width: 1.2`,
  // --s is how much of the end's colour a cell has
  '.positive': `fill: color-mix(in oklab, ${colours.positive} var(--s), ${colours.zero})`,
  '.negative': `fill: color-mix(in oklab, ${colours.negative} var(--s), ${colours.zero})`,
  '.missing': `fill: ${colours.missing}`,
  '.crossed': `stroke: ${colours.strongLine}`,
  ...Object.fromEntries(
    seriesColours.map((colour, i) => [`[data-line="${i}"]`, `color: var(--line-colour, ${colour})`]),
  ),
};

export const figureStyle = [
  `.${figureClass} { display: block; print-color-adjust: exact }`,
  ...Object.entries(rules).map(([selector, rule]) => `.${figureClass} ${selector} { ${rule} }`),
].join('\n');
