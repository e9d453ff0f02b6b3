/** What training and measuring the organism start from: where it lies, and its objects. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Objects } from '../libs/train/src/corpus.ts';

/** Where the trained model lies in the repository. */
export const organismFolder = fileURLToPath(new URL('../libs/train/models/refusal-organism', import.meta.url));

/** Where others go: git ignores it. */
export const outFolder = fileURLToPath(new URL('../out', import.meta.url));

/** The harmful and harmless objects, which are those of the data set `refusal`. */
export function organismObjects(): Objects {
  const file = new URL('../libs/interp/data/refusal.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Objects;
}
