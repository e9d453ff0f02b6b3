'use client';
/** A circuit evaluation: faithfulness by the share of edges that the circuit has, as a curve and as a table. */
import { countText, numberText } from '@demur/charts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { FactList } from '../../components/fact-list.tsx';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import study from '../../components/study.module.css';
import { FaithfulnessStudyDocument, type FaithfulnessStudyQuery } from '../../graphql/graphql.ts';
import { ablationWords } from '../circuits/ablation-words.ts';
import { FaithfulnessChart } from './faithfulness-chart.tsx';
import { FaithfulnessTable } from './faithfulness-table.tsx';

export type Curve = NonNullable<NonNullable<FaithfulnessStudyQuery['experiment']>['faithfulnessCurve']>;

export function FaithfulnessStudy({ experimentId }: { experimentId: string }) {
  const answer = useGraphqlQuery(FaithfulnessStudyDocument, { id: experimentId });
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data?.experiment?.faithfulnessCurve) return <Loading what="the curve" lines={8} />;
  const { metric, faithfulnessCurve: curve } = answer.data.experiment;
  return (
    <div className={study.study}>
      <p>
        Circuits of the graph’s {countText(curve.edgeCount)} edges ran alone; all other edges carried{' '}
        {ablationWords(curve.ablation)}. Faithfulness is 1 where the {metric} is that of the clean run (
        {numberText(curve.baselineClean)}), and 0 where it is that without any edge ({numberText(curve.baselineAblated)}
        ).
      </p>
      <FactList facts={factsOf(curve)} />
      {curve.points.length > 1 && <FaithfulnessChart points={curve.points} />}
      <FaithfulnessTable points={curve.points} metric={metric} />
    </div>
  );
}

/** The areas of the MIB benchmark, where the sizes span it; of a single circuit, what it keeps. */
function factsOf({ cpr, cmd, points }: Curve) {
  const [only] = points.length === 1 ? points : [];
  if (only) return [{ name: 'Faithfulness', value: numberText(only.faithfulness) }];
  return [
    { name: 'CPR', value: numberText(cpr), hint: 'circuit performance ratio: the area under the curve' },
    { name: 'CMD', value: numberText(cmd), hint: 'circuit-model distance: the area between the curve and 1' },
  ];
}
