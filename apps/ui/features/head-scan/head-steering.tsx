/** The chosen heads' summed contribution as a direction: added to the corrupted runs, and taken from the clean ones. */
import { type ChartAxis, numberText, shareText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { LineChart } from '../../components/line-chart.tsx';
import { sentenceCase } from '../../components/sentence-case.ts';
import study from '../../components/study.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { readFragment } from '../../graphql/fragment-masking.ts';
import {
  HeadSteeringStepFragmentDoc,
  type HeadSteeringStepFragment,
  type HeadValidationFragment,
} from '../../graphql/graphql.ts';

interface HeadSteeringProps {
  steering: NonNullable<HeadValidationFragment['steer']>;
  metric: string;
}

type Steps = HeadSteeringStepFragment[];

const ways = {
  induce: 'added to the corrupted runs',
  inhibit: 'taken from the clean runs',
} as const;

export function HeadSteering({ steering, metric }: HeadSteeringProps) {
  const added = readFragment(HeadSteeringStepFragmentDoc, steering.induce);
  const taken = readFragment(HeadSteeringStepFragmentDoc, steering.inhibit);
  // Both are in the order of the spec's coefficients, which an axis needs ascending; what is taken has the opposite sign.
  const order = [...added.keys()].sort((i, j) => added[i]!.coefficient - added[j]!.coefficient);
  const [induce, inhibit] = [added, taken].map((steps) => order.map((at) => steps[at]!)) as [Steps, Steps];
  const axis: ChartAxis = { name: 'coefficient', values: induce.map(({ coefficient }) => coefficient) };
  const metricOf = ({ metric: value }: HeadSteeringStepFragment): number => value;
  const lines = [
    { name: ways.induce, values: induce.map(metricOf) },
    { name: ways.inhibit, values: inhibit.map(metricOf) },
  ];
  return (
    <div className={`${study.section} ${study.card}`}>
      <h3>What they add, as a direction before layer {steering.layer}</h3>
      <ul className={study.key}>
        {lines.map(({ name }, i) => (
          <li key={name} data-line={i}>
            {sentenceCase(metric)}, {name}
          </li>
        ))}
      </ul>
      {induce.length > 1 && (
        <LineChart label={`${sentenceCase(metric)} by coefficient`} axis={axis} lines={lines} references={[]} hasDots />
      )}
      <div className={table.frame}>
        <table className={table.table}>
          <TableHead
            columns={['Coefficient', ways.induce, 'Flipped', ways.inhibit, 'Flipped'].map((name) =>
              numbers(sentenceCase(name)),
            )}
          />
          <tbody>
            {induce.map((step, i) => (
              <tr key={i}>
                <th scope="row" className={table.number}>
                  {numberText(step.coefficient)}
                </th>
                <td className={table.number}>{numberText(step.metric)}</td>
                <td className={table.number}>{shareText(step.flips)}</td>
                <td className={table.number}>{numberText(inhibit[i]?.metric)}</td>
                <td className={table.number}>{shareText(inhibit[i]?.flips)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
