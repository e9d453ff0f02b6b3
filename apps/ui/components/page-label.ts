/** `21–40 of 57 experiments`: what a page shows of a list. `page` counts from 1. */
export function pageLabel(page: number, options: { size: number; shown: number; total: number; what: string }): string {
  const { size, shown, total, what } = options;
  if (shown === 0) return `0 of ${total} ${what}`;
  const first = (page - 1) * size + 1;
  return `${first}–${first + shown - 1} of ${total.toLocaleString('en-US')} ${what}`;
}
