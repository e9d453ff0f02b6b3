/** The axes of a chart: ticks, their numbers, and dashed lines at values of reference. */
import { axisTicks, numeralText, type ChartAxis, type Scales } from '@demur/charts';
import styles from './line-chart.module.css';

export const chartSize = { width: 760, height: 260, left: 46, right: 12, top: 10, bottom: 30 };

interface ChartFrameProps {
  scales: Scales;
  axis: ChartAxis;
  ticks: readonly number[];
  references: readonly number[];
}

export function ChartFrame({ scales, axis, ticks, references }: ChartFrameProps) {
  const { width, height, left, right, bottom } = chartSize;
  const floor = height - bottom;
  const text = axis.text ?? numeralText;
  return (
    <g className={styles.frame}>
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${scales.y(tick)})`}>
          <line x1={left} x2={width - right} />
          <text x={left - 7} dy="0.32em" textAnchor="end">
            {numeralText(tick)}
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
      {axisTicks(axis).map((tick) => (
        <text key={tick} x={scales.x(tick)} y={floor + 14} textAnchor="middle">
          {text(tick)}
        </text>
      ))}
      <text x={(left + width - right) / 2} y={height - 1} textAnchor="middle">
        {axis.name}
      </text>
    </g>
  );
}
