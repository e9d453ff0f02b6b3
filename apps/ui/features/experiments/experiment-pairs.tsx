/** The pairs as they ran: every token, with those that differ marked, and the metric of both prompts. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentPairsFragmentDoc } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import details from './experiment-details.module.css';
import styles from './experiment-pairs.module.css';
import { TokenLine } from './token-line.tsx';

export function ExperimentPairs({ experiment }: { experiment: FragmentType<typeof ExperimentPairsFragmentDoc> }) {
  const { metric, pairs } = readFragment(ExperimentPairsFragmentDoc, experiment);
  if (pairs.length === 0) return null;
  return (
    <details className={details.details}>
      <summary>{pairs.length === 1 ? 'The pair' : `The ${pairs.length} pairs`}, token by token</summary>
      <ol className={styles.pairs}>
        {pairs.map(({ index, clean, corrupted, firstDifference, answer, distractor, metricClean, metricCorrupted }) => (
          <li key={index}>
            <p>
              <code>{visibleToken(answer.string)}</code> or <code>{visibleToken(distractor.string)}</code>
            </p>
            <TokenLine
              label="clean"
              tokens={clean}
              other={corrupted}
              from={firstDifference}
              metric={{ name: metric, value: metricClean }}
            />
            <TokenLine
              label="corrupted"
              tokens={corrupted}
              other={clean}
              from={firstDifference}
              metric={{ name: metric, value: metricCorrupted }}
            />
          </li>
        ))}
      </ol>
    </details>
  );
}
