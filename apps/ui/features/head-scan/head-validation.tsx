/** What the chosen heads do together, each time beside random sets of as many heads. */
import { numberText } from '@demur/charts';
import type { ReactNode } from 'react';
import table from '../../components/data-table.module.css';
import study from '../../components/study.module.css';
import { numbers, TableHead, unseen } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { HeadValidationFragmentDoc, type HeadValidationFragment } from '../../graphql/graphql.ts';
import styles from './head-validation.module.css';
import { HeadSteering } from './head-steering.tsx';

interface HeadValidationProps {
  validation: FragmentType<typeof HeadValidationFragmentDoc>;
  /** In words, such as "logit difference". */
  metric: string;
}

export function HeadValidation({ validation, metric }: HeadValidationProps) {
  const { none, patch, ablate, steer } = readFragment(HeadValidationFragmentDoc, validation);
  if (none) return <p>Nothing was checked together: {none}.</p>;
  const checks = jointChecks({ patch, ablate }, metric);
  return (
    <section className={study.section} aria-label="Validation">
      <h2>Together</h2>
      {checks.length > 0 && <JointTable checks={checks} />}
      {steer && <HeadSteering steering={steer} metric={metric} />}
    </section>
  );
}

interface JointCheck {
  name: string;
  words: ReactNode;
  score: number;
  random: readonly number[];
}

function jointChecks(
  { patch, ablate }: Pick<HeadValidationFragment, 'patch' | 'ablate'>,
  metric: string,
): JointCheck[] {
  const patched = patch && {
    ...{ name: 'Patched in', score: patch.score, random: patch.random },
    words: `alone, their scores add to ${numberText(patch.singles)}`,
  };
  const ablated = (['mean', 'zero'] as const).map(
    (by) =>
      ablate && {
        ...{ name: `Ablated by ${by === 'mean' ? 'the corrupted mean' : 'zero'}`, score: ablate[by].score },
        ...{
          random: ablate[by].random,
          words: `the ${metric} of the clean prompts becomes ${numberText(ablate[by].metric)}`,
        },
      },
  );
  return [patched, ...ablated].filter((check) => check !== null && check !== undefined);
}

function JointTable({ checks }: { checks: readonly JointCheck[] }) {
  return (
    <div className={table.frame}>
      <table className={table.table}>
        <TableHead columns={['The heads', numbers('Score'), numbers('Random heads'), unseen('In words')]} />
        <tbody>
          {checks.map(({ name, words, score, random }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={table.number}>{numberText(score)}</td>
              <td className={table.number}>{rangeText(random)}</td>
              <td className={styles.words}>
                <small>{words}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From the least to the most of the random sets. */
function rangeText(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  const ends = [Math.min(...values), Math.max(...values)].map((value) => numberText(value));
  return [...new Set(ends)].join(' to ');
}
