/** How many edges the graph draws, from the address: between 10 and 500, 100 unless told. */
export function edgeCount(text: string | null): number {
  const count = Math.round(Number(text ?? 'none'));
  return Number.isFinite(count) ? Math.max(10, Math.min(500, count)) : 100;
}
