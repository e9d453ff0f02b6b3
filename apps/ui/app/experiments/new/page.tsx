import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { PageHeader } from '../../../components/page-header.tsx';
import { NewExperiment } from '../../../features/new-experiment/new-experiment.tsx';

export const metadata: Metadata = { title: 'New experiment' };

export default function Page() {
  return (
    <>
      <PageHeader title="New experiment">
        <p>A specification: the same JSON runs here, through GraphQL and with the command line.</p>
      </PageHeader>
      <Suspense fallback={<Loading what="the form" />}>
        <NewExperiment />
      </Suspense>
    </>
  );
}
