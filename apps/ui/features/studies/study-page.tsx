'use client';
/** One study: where it stands, what it found, and the experiments that it is made of. */
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { StudyPageDocument } from '../../graphql/graphql.ts';
import { isActive } from '../experiments/kinds.ts';
import { StudyHeader } from './study-header.tsx';
import { StudyReport } from './study-report.tsx';
import { StudySteps } from './study-steps.tsx';

export function StudyPage({ id }: { id: string }) {
  const page = useGraphqlQuery(
    StudyPageDocument,
    { id },
    { pollWhile: ({ study }) => !!study && isActive(study.status) },
  );
  if (page.error) return <ErrorNotice error={page.error} retry={() => void page.refetch()} />;
  if (!page.data) return <Loading what="the study" lines={8} />;
  const { study } = page.data;
  if (!study) return <NoSuchStudy id={id} />;
  return (
    <>
      <StudyHeader study={study} />
      {study.report && <StudyReport report={study.report} />}
      <StudySteps study={study} />
    </>
  );
}

function NoSuchStudy({ id }: { id: string }) {
  return (
    <EmptyState title="There is no such study">
      <p>
        Nothing here has the id <code>{id}</code>. <Link href="/studies">See all studies</Link>.
      </p>
    </EmptyState>
  );
}
