/** One line of the list of studies. */
import { durationText } from '@demur/charts';
import Link from 'next/link';
import { Ago } from '../../components/ago.tsx';
import styles from '../../components/paged-table.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyRowFragmentDoc } from '../../graphql/graphql.ts';
import { secondsBetween } from '../experiments/seconds-between.ts';
import { modelTitle } from '../models/model-title.ts';
import { StudyStatus } from './study-status.tsx';

export function StudyRow({ study }: { study: FragmentType<typeof StudyRowFragmentDoc> }) {
  const row = readFragment(StudyRowFragmentDoc, study);
  const seconds = secondsBetween(row.startedAt, row.finishedAt);
  return (
    <tr>
      <td className={styles.title}>
        <Link href={`/studies/${row.id}`}>{row.title}</Link>
      </td>
      <td title={row.modelName}>{modelTitle(row)}</td>
      <td>{row.dataSet?.name ?? row.dataSetName}</td>
      <td>
        <StudyStatus study={row} />
      </td>
      <td>
        <Ago time={row.createdAt} />
      </td>
      <td className={styles.number}>{seconds === undefined ? '' : durationText(seconds)}</td>
    </tr>
  );
}
