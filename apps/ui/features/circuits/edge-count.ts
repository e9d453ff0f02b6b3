/** How many edges the graph draws, from the address: between 10 and 500, as usual unless told. */
export function edgeCount(text: string | null, usual = 100): number {
  const count = Math.round(Number(text ?? usual));
  return Math.max(10, Math.min(500, Number.isFinite(count) ? count : usual));
}
