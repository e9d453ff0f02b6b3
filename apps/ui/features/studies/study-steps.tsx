/** The experiments that a study has begun, in their order: each leads to its own page. */
import { durationText } from '@demur/charts';
import Link from 'next/link';
import table from '../../components/data-table.module.css';
import layout from '../../components/study.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyStepsFragmentDoc, type StudyStepsFragment } from '../../graphql/graphql.ts';
import { ExperimentStatus } from '../experiments/experiment-status.tsx';
import { kindNames } from '../experiments/kinds.ts';
import { secondsBetween } from '../experiments/seconds-between.ts';
import styles from './study-report.module.css';

export function StudySteps({ study }: { study: FragmentType<typeof StudyStepsFragmentDoc> }) {
  const { steps } = readFragment(StudyStepsFragmentDoc, study);
  if (steps.length === 0) return null;
  return (
    <section id="experiments" className={`${layout.section} ${styles.section}`}>
      <h2>Experiments</h2>
      <div className={table.frame}>
        <table className={`${table.table} ${styles.steps}`}>
          <TableHead columns={['Step', 'Status', numbers('Took')]} />
          <tbody>
            {steps.map((step) => (
              <StepRow key={step.name} {...step} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function StepRow({ title, experiment }: StudyStepsFragment['steps'][number]) {
  const seconds = secondsBetween(experiment.startedAt, experiment.finishedAt);
  return (
    <tr>
      <td>
        <Link href={`/experiments/${experiment.id}`}>{title}</Link> <small>{kindNames[experiment.kind]}</small>
      </td>
      <td>
        <ExperimentStatus experiment={experiment} />
      </td>
      <td className={table.number}>{seconds === undefined ? '' : durationText(seconds)}</td>
    </tr>
  );
}
