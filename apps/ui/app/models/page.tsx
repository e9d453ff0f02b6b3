import type { Metadata } from 'next';
import { PageHeader } from '../../components/page-header.tsx';
import { ModelList } from '../../features/models/model-list.tsx';

export const metadata: Metadata = { title: 'Models' };

export default function Page() {
  return (
    <>
      <PageHeader title="Models">
        <p>Models on this machine that an experiment can name.</p>
      </PageHeader>
      <ModelList />
    </>
  );
}
