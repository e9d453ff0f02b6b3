/** Earlier findings as a checklist: what was found, on which models, and whether this model shows it. */
import layout from '../../components/study.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyClaimFragmentDoc, type ClaimOutcome, type ClaimSource } from '../../graphql/graphql.ts';
import styles from './study-report.module.css';

const sources: Record<ClaimSource, string> = {
  NOTEBOOKS: 'notebooks, on Llama-2-7b-chat',
  REPLICATION: 'replication, on Gemma-2 2B and 9B',
};

const outcomes: Record<ClaimOutcome, string> = {
  AGREES: '✓ agrees',
  DISAGREES: '✗ disagrees',
  NOT_TESTED: '– not tested',
};

export function ClaimList({ claims }: { claims: readonly FragmentType<typeof StudyClaimFragmentDoc>[] }) {
  const all = readFragment(StudyClaimFragmentDoc, claims);
  if (all.length === 0) return null;
  return (
    <section id="claims" className={`${layout.section} ${styles.section}`}>
      <h2>Beside earlier findings</h2>
      <ul className={styles.claims}>
        {all.map(({ id, source, text, outcome, sentence }) => (
          <li key={id} data-outcome={outcome}>
            <span className={styles.outcome}>{outcomes[outcome]}</span>
            <p>
              {text}{' '}
              <small>
                {sources[source]} · {id}
              </small>
            </p>
            <p>{sentence}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
