'use client';
/** Points in a plane, in plain SVG: the same scale both ways, with the line on which both values are equal. */
import { axisScale, type ChartAxis, linearScale, niceTicks, numberText } from '@demur/charts';
import { useState } from 'react';
import { ChartFrame, chartSize } from './chart-frame.tsx';
import { ChartPanel } from './chart-panel.tsx';
import styles from './scatter-chart.module.css';

export interface ScatterPoint {
  name: string;
  x: number;
  y: number;
  /** Which of the groups it belongs to, by place. */
  group: number;
}

interface ScatterChartProps {
  label: string;
  points: readonly ScatterPoint[];
  xName: string;
  yName: string;
}

/** Room around the points, as a share of what they span. */
const margin = 0.06;

export function ScatterChart({ label, points, xName, yName }: ScatterChartProps) {
  const [at, setAt] = useState<number>();
  const { width, height, left, right, top, bottom } = chartSize;
  const domain = sharedDomain(points);
  const axis: ChartAxis = { name: xName, values: domain };
  const scales = { x: axisScale(axis, [left, width - right]), y: linearScale(domain, [height - bottom, top]) };
  const shown = at === undefined ? undefined : points[at];
  return (
    <ChartPanel
      label={label}
      count={points.length}
      at={at}
      onLook={setAt}
      words={
        shown === undefined
          ? `Up: ${yName}. On the line both are the same.`
          : `${shown.name}  ·  ${xName} ${numberText(shown.x)}  ·  ${yName} ${numberText(shown.y)}`
      }
    >
      <ChartFrame scales={scales} axis={axis} ticks={niceTicks(...domain, 5)} references={[]} />
      <line
        className={styles.equal}
        x1={scales.x(domain[0])}
        y1={scales.y(domain[0])}
        x2={scales.x(domain[1])}
        y2={scales.y(domain[1])}
      />
      {points.map(({ name, x, y, group }, i) => (
        <circle
          key={name}
          data-line={group}
          data-shown={i === at}
          className={styles.point}
          cx={scales.x(x)}
          cy={scales.y(y)}
          r={i === at ? 6 : 4}
          onPointerEnter={() => setAt(i)}
        />
      ))}
    </ChartPanel>
  );
}

/** One range for both axes, zero in it, so that the line of equal values is the diagonal. */
function sharedDomain(points: readonly ScatterPoint[]): [number, number] {
  const all = [0, ...points.flatMap(({ x, y }) => [x, y])];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * margin;
  return [low - room, high + room];
}
