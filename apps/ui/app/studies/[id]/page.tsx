import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Loading } from '../../../components/notice.tsx';
import { StudyPage } from '../../../features/studies/study-page.tsx';

export const metadata: Metadata = { title: 'Study' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<Loading what="the study" />}>
      <StudyPage id={decodeURIComponent(id)} />
    </Suspense>
  );
}
