import type { Metadata } from 'next';
import Link from 'next/link';
import { Suspense } from 'react';
import { Loading } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { StudyFilters } from '../../features/studies/study-filters.tsx';
import { StudyList } from '../../features/studies/study-list.tsx';

export const metadata: Metadata = { title: 'Studies' };

export default function Page() {
  const create = (
    <Link href="/studies/new" className="button primary">
      New study
    </Link>
  );
  return (
    <>
      <PageHeader title="Studies" actions={create}>
        <p>A question about refusal, the experiments that answer it, and a report of what they found.</p>
      </PageHeader>
      <Suspense fallback={<Loading what="studies" lines={6} />}>
        <StudyFilters />
        <StudyList />
      </Suspense>
    </>
  );
}
