import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { CircuitPage } from '../../../features/circuits/circuit-page.tsx';

export const metadata: Metadata = { title: 'Circuit' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<Loading what="the circuit" />}>
      <CircuitPage id={decodeURIComponent(id)} />
    </Suspense>
  );
}
