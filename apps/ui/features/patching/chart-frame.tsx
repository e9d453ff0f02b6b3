/** The axes of a line chart: ticks, their numbers, and dashed lines at values of reference. */
import { niceTicks } from '../../components/ticks.ts';
import type { Scales } from './line-chart.ts';
import { chartSize } from './line-chart.tsx';
import styles from './line-chart.module.css';

interface ChartFrameProps {
  scales: Scales;
  count: number;
  ticks: readonly number[];
  references: readonly number[];
  xName: string;
}

export function ChartFrame({ scales, count, ticks, references, xName }: ChartFrameProps) {
  const { width, height, left, right, bottom } = chartSize;
  const floor = height - bottom;
  return (
    <g className={styles.frame}>
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${scales.y(tick)})`}>
          <line x1={left} x2={width - right} />
          <text x={left - 7} dy="0.32em" textAnchor="end">
            {String(tick).replace('-', '−')}
          </text>
        </g>
      ))}
      {references.map((value) => (
        <line
          key={value}
          className={styles.reference}
          x1={left}
          x2={width - right}
          y1={scales.y(value)}
          y2={scales.y(value)}
        />
      ))}
      {niceTicks(0, count - 1, 10)
        .filter(Number.isInteger)
        .map((tick) => (
          <text key={tick} x={scales.x(tick)} y={floor + 14} textAnchor="middle">
            {tick}
          </text>
        ))}
      <text x={(left + width - right) / 2} y={height - 1} textAnchor="middle">
        {xName}
      </text>
    </g>
  );
}
