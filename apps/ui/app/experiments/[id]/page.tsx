import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { ExperimentPage } from '../../../features/experiments/experiment-page.tsx';

export const metadata: Metadata = { title: 'Experiment' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<Loading what="the experiment" />}>
      <ExperimentPage id={decodeURIComponent(id)} />
    </Suspense>
  );
}
