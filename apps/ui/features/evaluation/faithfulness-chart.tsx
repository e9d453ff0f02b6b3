/** Faithfulness, and completeness where it was measured, over the share of edges on a logarithmic axis. */
import { type ChartAxis, shareText } from '@demur/charts';
import { LineChart, type ChartLine } from '../../components/line-chart.tsx';
import study from '../../components/study.module.css';
import type { Curve } from './faithfulness-study.tsx';

export function FaithfulnessChart({ points }: { points: Curve['points'] }) {
  const axis: ChartAxis = {
    ...{ name: 'share of the edges', isLogarithmic: true, text: shareText },
    values: points.map(({ share }) => share),
  };
  const line = (name: string, values: (number | null | undefined)[]): ChartLine[] =>
    values.every((value) => value === null) ? [] : [{ name, values: values.map((value) => value ?? null) }];
  const lines = [
    ...line(
      'faithfulness of the circuit',
      points.map(({ faithfulness }) => faithfulness),
    ),
    ...line(
      'of all other edges',
      points.map(({ completeness }) => completeness),
    ),
  ];
  return (
    <section className={`${study.section} ${study.card}`} aria-label="Faithfulness curve">
      <ul className={study.key}>
        {lines.map(({ name }, i) => (
          <li key={name} data-line={i}>
            {name}
          </li>
        ))}
        <li>dashed: the clean run, and no edge at all</li>
      </ul>
      <LineChart label="Faithfulness by share of edges" axis={axis} lines={lines} references={[0, 1]} hasDots />
    </section>
  );
}
