import type { Metadata } from 'next';
import { PageHeader } from '../../components/page-header.tsx';
import { DataSetList } from '../../features/data-sets/data-set-list.tsx';

export const metadata: Metadata = { title: 'Data sets' };

export default function Page() {
  return (
    <>
      <PageHeader title="Data sets">
        <p>
          Minimal pairs: a prompt whose behaviour is to be explained, and its counterfactual. What differs is marked.
        </p>
      </PageHeader>
      <DataSetList />
    </>
  );
}
