'use client';
/** One experiment: where it stands, what it found, and how it came about. */
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { ExperimentPageDocument, type ExperimentPageQuery } from '../../graphql/graphql.ts';
import { CircuitCard } from '../circuits/circuit-card.tsx';
import { PatchingStudy } from '../patching/patching-study.tsx';
import { SteeringStudy } from '../steering/steering-study.tsx';
import { ExperimentDetails } from './experiment-details.tsx';
import { ExperimentHeader } from './experiment-header.tsx';
import { ExperimentPairs } from './experiment-pairs.tsx';
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
      <Findings experiment={experiment} />
      <ExperimentPairs experiment={experiment} />
      <ExperimentDetails experiment={experiment} />
    </>
  );
}

function Findings({ experiment }: { experiment: NonNullable<ExperimentPageQuery['experiment']> }) {
  if (experiment.status !== 'SUCCEEDED') return null;
  if (experiment.circuit) return <CircuitCard circuit={experiment.circuit} />;
  if (experiment.kind === 'ACTIVATION_PATCHING') return <PatchingStudy experimentId={experiment.id} />;
  if (experiment.kind === 'STEERING' || experiment.kind === 'GENERATION')
    return <SteeringStudy experimentId={experiment.id} />;
  return <p>The arrays of the result are listed under Details; download them to work with them.</p>;
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
