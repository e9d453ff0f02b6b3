'use client';
/** One experiment: where it stands, what it found, and how it came about. */
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { ExperimentPageDocument } from '../../graphql/graphql.ts';
import { ExperimentDetails } from './experiment-details.tsx';
import { ExperimentHeader } from './experiment-header.tsx';
import { ExperimentPairs } from './experiment-pairs.tsx';
import { Findings } from './findings.tsx';
import { isActive } from './kinds.ts';

export function ExperimentPage({ id }: { id: string }) {
  const page = useGraphqlQuery(
    ExperimentPageDocument,
    { id },
    { pollWhile: ({ experiment }) => experiment !== null && experiment !== undefined && isActive(experiment.status) },
  );
  if (page.error) return <ErrorNotice error={page.error} retry={() => void page.refetch()} />;
  if (!page.data) return <Loading what="the experiment" lines={8} />;
  const { experiment } = page.data;
  if (!experiment) return <NoSuchExperiment id={id} />;
  return (
    <>
      <ExperimentHeader experiment={experiment} />
      {experiment.status === 'SUCCEEDED' && <Findings experimentId={experiment.id} kind={experiment.kind} />}
      <ExperimentPairs experiment={experiment} />
      <ExperimentDetails experiment={experiment} />
    </>
  );
}

function NoSuchExperiment({ id }: { id: string }) {
  return (
    <EmptyState title="There is no such experiment">
      <p>
        Nothing here has the id <code>{id}</code>. <Link href="/">See all experiments</Link>.
      </p>
    </EmptyState>
  );
}
