'use client';
/** What the experiment will take, while its specification is being written. */
import { useEffect, useState } from 'react';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EstimateDocument } from '../../graphql/graphql.ts';
import styles from './cost-estimate.module.css';
import { costLines } from './cost-words.ts';

/** Asked once nothing has changed for so long. */
const PAUSE_MS = 500;

/** @param spec undefined while what is written is no JSON. */
export function CostEstimate({ spec }: { spec: unknown }) {
  if (spec !== undefined) return <AskedEstimate spec={spec} />;
  return (
    <section className={styles.cost} aria-label="Estimate">
      <p className={styles.hint}>No estimate yet: this is not JSON.</p>
    </section>
  );
}

function AskedEstimate({ spec }: { spec: unknown }) {
  const asked = useSettled(JSON.stringify(spec));
  const { data, error, isPlaceholderData, isPending } = useGraphqlQuery(
    EstimateDocument,
    { spec: JSON.parse(asked) as unknown },
    { keepPrevious: true, pollWhile: ({ estimate }) => estimate.seconds === null },
  );
  const cost = error ? undefined : data?.estimate;
  return (
    <section
      className={styles.cost}
      aria-label="Estimate"
      aria-live="polite"
      aria-busy={isPending || isPlaceholderData}
    >
      {isPending && <p className={styles.hint}>Measuring what this will take…</p>}
      {error && <p className={styles.hint}>No estimate yet: {error.message}</p>}
      {cost && (
        <dl>
          {costLines(cost).map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      {cost && !cost.fits && (
        <p role="alert" className={styles.refused}>
          This does not fit the memory of the engine and would be refused: {cost.advice}.
        </p>
      )}
    </section>
  );
}

/** The text, once it has stayed the same for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
