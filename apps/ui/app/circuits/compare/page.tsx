import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { PageHeader } from '../../../components/page-header.tsx';
import { ComparisonPage } from '../../../features/comparison/comparison-page.tsx';

export const metadata: Metadata = { title: 'Compare circuits' };

export default function Page() {
  return (
    <>
      <PageHeader title="Compare circuits">
        <p>The strongest edges of two circuits, or the edges that were chosen, matched by their names.</p>
      </PageHeader>
      <Suspense fallback={<Loading what="the circuits" />}>
        <ComparisonPage />
      </Suspense>
    </>
  );
}
