/** What edges outside of a circuit carry, in words. */
const words: Record<string, string> = {
  corrupted: 'their activation in the corrupted run',
  zero: 'zero',
  mean: 'their mean over the corrupted runs',
};

export const ablationWords = (ablation: string): string => words[ablation] ?? ablation;
