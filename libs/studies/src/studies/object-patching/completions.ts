/** What the model writes before and after the object is patched, for the first pairs. */
import type { Completion, ResultPair } from '@demur/interp';
import { pairSpecOf } from '../../pair-specs.ts';
import { refusalWordsOf } from '../../refusal-words.ts';
import type { StudyFinding, StudyRun } from '../../study.ts';
import type { PatchGrid } from './patch-grid.ts';

/** Pairs that completions are made for: enough to read, and few enough for a large model. */
const PAIRS = 8;

const MAX_TOKENS = 32;

export interface PatchedCompletions {
  rows: { own: string; other: string; before: string; after: string }[];
  /** Completions that refuse by a list of words; null where the model has no tokenizer. */
  refused: { before: number; after: number } | null;
}

/** Before and after the patch at the grid's layer, at the object. */
export async function patchedCompletions(
  { given, step }: StudyRun,
  { direction, places, layer }: PatchGrid,
): Promise<PatchedCompletions> {
  const pairs = given.dataSet.pairs.slice(0, PAIRS).map(pairSpecOf);
  const run = direction === 'denoising' ? 'corrupted' : 'clean';
  const options = { run, maxTokens: MAX_TOKENS, refusalWords: refusalWordsOf(given) };
  const patches = [{ activation: 'resid_pre', layers: [layer], positions: [places[0]!.position] }];
  const before = await step(`${direction}-before`, { kind: 'generation', pairs, options });
  const after = await step(`${direction}-after`, { kind: 'generation', pairs, options: { ...options, patches } });
  const counts = [refusedOf(before), refusedOf(after)] as const;
  return {
    rows: before.result.pairs.map((pair, i) => ({
      ...objectsOf(pair, run),
      before: written(before, i),
      after: written(after, i),
    })),
    refused: counts[0] === null || counts[1] === null ? null : { before: counts[0], after: counts[1] },
  };
}

function refusedOf({ result }: StudyFinding): number | null {
  return result.refusals?.refused.filter((own) => own === true).length ?? null;
}

function written({ result }: StudyFinding, pair: number): string {
  const { text, tokens } = (result.completions as Completion[])[pair]!;
  return text ?? tokens.join(' ');
}

/** The tokens that the prompts differ in, from the first to the last. */
function objectsOf(pair: ResultPair, run: 'clean' | 'corrupted'): { own: string; other: string } {
  const { clean, corrupted, roles } = pair;
  const differing = roles['difference']!;
  const text = ({ strings }: ResultPair['clean']) =>
    strings
      .slice(differing[0], differing.at(-1)! + 1)
      .join('')
      .trim();
  const [own, other] = run === 'clean' ? [clean, corrupted] : [corrupted, clean];
  return { own: text(own), other: text(other) };
}
