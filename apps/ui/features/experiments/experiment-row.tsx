/** One line of the list of experiments. */
import { durationText } from '@demur/charts';
import Link from 'next/link';
import styles from '../../components/paged-table.module.css';
import { Ago } from '../../components/ago.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentRowFragmentDoc } from '../../graphql/graphql.ts';
import { modelTitle } from '../models/model-title.ts';
import { ExperimentStatus } from './experiment-status.tsx';
import { kindNames } from './kinds.ts';
import { secondsBetween } from './seconds-between.ts';

export function ExperimentRow({ experiment }: { experiment: FragmentType<typeof ExperimentRowFragmentDoc> }) {
  const row = readFragment(ExperimentRowFragmentDoc, experiment);
  const seconds = secondsBetween(row.startedAt, row.finishedAt);
  return (
    <tr>
      <td className={styles.title}>
        <Link href={`/experiments/${row.id}`}>{kindNames[row.kind]}</Link>
      </td>
      <td title={row.modelName}>{modelTitle(row)}</td>
      <td>{row.dataSet?.name ?? <small>pairs of its own</small>}</td>
      <td>
        <ExperimentStatus experiment={row} />
      </td>
      <td>
        <Ago time={row.createdAt} />
      </td>
      <td className={styles.number}>{seconds === undefined ? '' : durationText(seconds)}</td>
    </tr>
  );
}
