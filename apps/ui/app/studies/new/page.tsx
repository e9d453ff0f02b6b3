import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { PageHeader } from '../../../components/page-header.tsx';
import { NewStudy } from '../../../features/studies/new-study.tsx';

export const metadata: Metadata = { title: 'New study' };

export default function Page() {
  return (
    <>
      <PageHeader title="New study">
        <p>Its experiments run one after another; each has a page of its own.</p>
      </PageHeader>
      <Suspense fallback={<Loading what="the form" />}>
        <NewStudy />
      </Suspense>
    </>
  );
}
