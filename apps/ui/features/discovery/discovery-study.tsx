'use client';
/** A circuit discovery: the circuit in numbers, its edges alone as a graph, and the way to its page. */
import { countText, numberText, shareText } from '@demur/charts';
import Link from 'next/link';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { FactList, type Fact } from '../../components/fact-list.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import study from '../../components/study.module.css';
import { DiscoveryStudyDocument, type DiscoveryStudyQuery } from '../../graphql/graphql.ts';
import { ablationWords } from '../circuits/ablation-words.ts';
import { CircuitGraph } from '../circuits/circuit-graph.tsx';
import { evaluationAddress } from '../circuits/evaluation-address.ts';

type Experiment = NonNullable<DiscoveryStudyQuery['experiment']>;
type Found = NonNullable<Experiment['discoveredCircuit']>;

export function DiscoveryStudy({ experimentId }: { experimentId: string }) {
  const answer = useGraphqlQuery(DiscoveryStudyDocument, { id: experimentId });
  const { params, change } = useUrlState();
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data?.experiment?.discoveredCircuit) return <Loading what="the circuit" lines={8} />;
  const { circuit, discoveredCircuit: found, metric, model, spec } = answer.data.experiment;
  return (
    <div className={study.study}>
      <p>
        With all other edges carrying {ablationWords(found.ablation)}, the {metric} is {numberText(found.metric)}: it is{' '}
        {numberText(found.baselineClean)} in the clean run, and {numberText(found.baselineAblated)} without any edge.
      </p>
      <FactList facts={factsOf(found)} />
      {circuit && (
        <section className={study.section} aria-label="The circuit">
          <header>
            <h2>The circuit’s edges</h2>
            {found.edgeCount > 0 && (
              <Link href={evaluationAddress(experimentId, 'found', spec)} className="button">
                Evaluate this circuit
              </Link>
            )}
            <Link href={`/circuits/${circuit.id}?in=yes`} className="button primary">
              Explore the circuit
            </Link>
          </header>
          {found.edgeCount === 0 ? (
            <EmptyState title="No edge is in the circuit">
              <p>A lower threshold, or more edges to choose, would leave some.</p>
            </EmptyState>
          ) : (
            <CircuitGraph
              circuitId={circuit.id}
              filter={inCircuit}
              usual={found.edgeCount}
              shape={model?.shape}
              selected={params.get('node')}
              onSelect={(node) => change({ node })}
            />
          )}
        </section>
      )}
    </div>
  );
}

const inCircuit = { inCircuit: true };

function factsOf({ method, edgeCount, graphEdgeCount, nodeCount, faithfulness, tested, passes }: Found): Fact[] {
  const counted = (name: string, value: number | null | undefined): Fact[] =>
    value === null || value === undefined ? [] : [{ name, value: countText(value) }];
  return [
    { name: 'Faithfulness', value: numberText(faithfulness) },
    {
      name: `Edges, of ${countText(graphEdgeCount)}`,
      value: `${countText(edgeCount)} (${shareText(edgeCount / graphEdgeCount)})`,
    },
    ...counted('Nodes', nodeCount),
    ...counted('Edges tried', tested),
    ...counted('Runs of circuits', passes),
    { name: 'Method', value: method },
  ];
}
