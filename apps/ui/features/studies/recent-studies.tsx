'use client';
/** The newest studies, for the home page: where to look first. Nothing where there is none. */
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { RecentStudiesDocument } from '../../graphql/graphql.ts';
import { isActive } from '../experiments/kinds.ts';
import { modelTitle } from '../models/model-title.ts';
import styles from './recent-studies.module.css';
import { StudyStatus } from './study-status.tsx';

export function RecentStudies() {
  const recent = useGraphqlQuery(
    RecentStudiesDocument,
    {},
    { pollWhile: ({ studies }) => studies.nodes.some(({ status }) => isActive(status)) },
  );
  const { nodes = [], totalCount = 0 } = recent.data?.studies ?? {};
  if (nodes.length === 0) return null;
  return (
    <section className={styles.recent} aria-label="Studies">
      <header>
        <h2>Studies</h2>
        <Link href="/studies">{totalCount > nodes.length ? `All ${totalCount} studies` : 'All studies'}</Link>
      </header>
      <ul>
        {nodes.map((study) => (
          <li key={study.id}>
            <Link href={`/studies/${study.id}`}>{study.title}</Link>
            <small>{modelTitle(study)}</small>
            <StudyStatus study={study} />
          </li>
        ))}
      </ul>
    </section>
  );
}
