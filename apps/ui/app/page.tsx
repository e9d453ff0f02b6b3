import Link from 'next/link';
import { Suspense } from 'react';
import { Loading } from '../components/notice.tsx';
import { PageHeader } from '../components/page-header.tsx';
import { ExperimentFilters } from '../features/experiments/experiment-filters.tsx';
import { ExperimentList } from '../features/experiments/experiment-list.tsx';
import { RecentStudies } from '../features/studies/recent-studies.tsx';

export default function ExperimentsPage() {
  const create = (
    <Link href="/experiments/new" className="button primary">
      New experiment
    </Link>
  );
  return (
    <>
      <RecentStudies />
      <PageHeader title="Experiments" actions={create}>
        <p>Where in a model a decision is made, and which edges carry it.</p>
      </PageHeader>
      <Suspense fallback={<Loading what="experiments" lines={8} />}>
        <ExperimentFilters />
        <ExperimentList />
      </Suspense>
    </>
  );
}
