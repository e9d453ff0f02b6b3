/** Answers that turn when the object is patched, by the sign of the metric. */
import type { PatchGrid } from './patch-grid.ts';

/** `of`: destinations that are not refused (denoising), or are (noising); `flipped`: those of them that the patch turns. */
export function flipsOf({ direction, before, after }: Pick<PatchGrid, 'direction' | 'before' | 'after'>): {
  of: number;
  flipped: number;
} {
  const isRefused = (value: number) => value > 0;
  const wanted = direction === 'denoising';
  const pairs = [...before.keys()].filter((pair) => isRefused(before[pair]!) !== wanted);
  return { of: pairs.length, flipped: pairs.filter((pair) => isRefused(after[pair]!) === wanted).length };
}
