'use client';
/** Whether the engine computes with a model what it should: the last check on each backend, and a button to run it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { execute } from '../../client/execute.ts';
import { Ago } from '../../components/ago.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { CheckModelDocument, ModelCheckFragmentDoc, ModelChecksFragmentDoc } from '../../graphql/graphql.ts';
import { ModelCheckTable } from './model-check-table.tsx';
import styles from './model-checks.module.css';

export function ModelChecks({ model }: { model: FragmentType<typeof ModelChecksFragmentDoc> }) {
  const { id, checks } = readFragment(ModelChecksFragmentDoc, model);
  const cache = useQueryClient();
  const check = useMutation({
    mutationFn: () => execute(CheckModelDocument, { variables: { id } }),
    onSuccess: () => cache.invalidateQueries(),
  });
  return (
    <section className={styles.checks} aria-label="Checks of the engine on this model">
      <header>
        <h3>Checks</h3>
        <button type="button" onClick={() => check.mutate()} disabled={check.isPending}>
          {checks.length === 0 ? 'Check' : 'Check again'}
        </button>
      </header>
      {checks.length === 0 && <p className={styles.quiet}>Never checked.</p>}
      {checks.map((each) => (
        <ModelCheck key={each.id} check={each} />
      ))}
      {check.error && <ErrorNotice error={check.error} />}
    </section>
  );
}

function ModelCheck({ check }: { check: FragmentType<typeof ModelCheckFragmentDoc> }) {
  const { status, fraction, error, ...outcome } = readFragment(ModelCheckFragmentDoc, check);
  if (status === 'FAILED')
    return (
      <p className={styles.outcome} data-outcome="failed">
        It could not be made: {error?.message}
      </p>
    );
  if (status !== 'ENDED') return <Underway isWaiting={status === 'QUEUED'} percent={Math.round(fraction * 100)} />;
  return (
    <details>
      <summary className={styles.outcome} data-outcome={outcome.passed ? 'passed' : 'failed'}>
        <span>
          {outcome.passed ? 'Passed' : failure(outcome.results)} on {outcome.backend} {outcome.backendVersion}, demur{' '}
          {outcome.version}
          {outcome.finishedAt && (
            <>
              , <Ago time={outcome.finishedAt} />
            </>
          )}
          {!outcome.isCurrent && ', with other weights than are registered now'}
        </span>
      </summary>
      <ModelCheckTable results={outcome.results} />
    </details>
  );
}

/** `Failed: causality, suffix`. */
function failure(results: readonly { name: string; status: string }[]): string {
  const failed = results.filter(({ status }) => status === 'FAILED');
  return `Failed: ${failed.map(({ name }) => name).join(', ')}`;
}

function Underway({ isWaiting, percent }: { isWaiting: boolean; percent: number }) {
  if (isWaiting) return <p className={styles.quiet}>Waiting for the engine.</p>;
  return (
    <p className={styles.underway}>
      Checking <progress max={100} value={percent} aria-label={`checking, ${percent} percent`} />{' '}
      <small>{percent}%</small>
    </p>
  );
}
