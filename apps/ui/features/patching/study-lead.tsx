/** What was patched into what, in a sentence with the first pair's answer tokens. */
import { numberText } from '@demur/charts';
import type { Grid } from './grid-view.ts';
import styles from './patching-study.module.css';
import { visibleToken } from './token-text.ts';

interface StudyLeadProps {
  spec: unknown;
  /** In words, such as "logit difference". */
  metric: string;
  grid: Grid | undefined;
  pair: { answer: { string: string }; distractor: { string: string } } | undefined;
  pairCount: number;
}

/** Whether a cell is of all layers up to its own. */
const isUpTo = (spec: unknown): boolean => (spec as { options?: { layers?: string } }).options?.layers === 'up-to';

export function StudyLead({ spec, metric, grid, pair, pairCount }: StudyLeadProps) {
  if (!grid || !pair) return null;
  const [from, into] = grid.direction === 'noising' ? ['corrupted', 'clean'] : ['clean', 'corrupted'];
  return (
    <p className={styles.lead}>
      {isUpTo(spec) ? 'An activation of a layer and of all layers before it' : 'One activation'} of the {from} run is
      patched into the {into} run (<em>{grid.direction}</em>). The {metric}
      {metric === 'logit difference' && (
        <>
          {' '}
          <code>{visibleToken(pair.answer.string)}</code> − <code>{visibleToken(pair.distractor.string)}</code>
        </>
      )}{' '}
      is {numberText(grid.baselineClean)} on clean and {numberText(grid.baselineCorrupted)} on corrupted prompts, the
      mean over {pairCount} {pairCount === 1 ? 'pair' : 'pairs'}; the refusal score is 1 at the first and 0 at the
      second.
    </p>
  );
}
