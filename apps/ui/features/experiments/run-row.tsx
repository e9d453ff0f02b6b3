/** One line of a list of experiments or of studies. */
import { durationText } from '@demur/charts';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Ago } from '../../components/ago.tsx';
import styles from '../../components/paged-table.module.css';
import { modelTitle } from '../models/model-title.ts';
import type { Run } from './run.ts';
import { secondsBetween } from './seconds-between.ts';

interface RunRowProps {
  href: string;
  title: string;
  run: Run;
  dataSet: ReactNode;
  status: ReactNode;
  /** A sentence below the title. */
  remark?: string | null;
}

export function RunRow({ href, title, run, dataSet, status, remark }: RunRowProps) {
  const seconds = secondsBetween(run.startedAt, run.finishedAt);
  return (
    <tr>
      <td className={styles.title}>
        <Link href={href}>{title}</Link>
        {remark && <small>{remark}</small>}
      </td>
      <td title={run.modelName}>{modelTitle(run)}</td>
      <td>{dataSet}</td>
      <td>{status}</td>
      <td>
        <Ago time={run.createdAt} />
      </td>
      <td className={styles.number}>{seconds === undefined ? '' : durationText(seconds)}</td>
    </tr>
  );
}
