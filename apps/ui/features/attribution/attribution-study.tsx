'use client';
/** An attribution: its circuit in short, and how sure its scores are where that was asked for. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import study from '../../components/study.module.css';
import { AttributionStudyDocument } from '../../graphql/graphql.ts';
import { CircuitCard } from '../circuits/circuit-card.tsx';
import { evaluationAddress } from '../circuits/evaluation-address.ts';
import { BootstrapTable } from './bootstrap-table.tsx';
import { ExactCheckCard } from './exact-check-card.tsx';

export function AttributionStudy({ experimentId }: { experimentId: string }) {
  const answer = useGraphqlQuery(AttributionStudyDocument, { id: experimentId });
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data?.experiment) return <Loading what="the edges" lines={8} />;
  const { spec, circuit, exactCheck, bootstrap } = answer.data.experiment;
  return (
    <div className={study.study}>
      {circuit && <CircuitCard circuit={circuit} evaluation={evaluationAddress(experimentId, 'experiment', spec)} />}
      {exactCheck && <ExactCheckCard check={exactCheck} />}
      {bootstrap && <BootstrapTable bootstrap={bootstrap} />}
    </div>
  );
}
