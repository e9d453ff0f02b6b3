'use client';
/** A small line chart in plain SVG: lines with bands, and the values at the point under the pointer or the focus. */
import {
  axisScale,
  bandPath,
  type ChartAxis,
  linearScale,
  linePath,
  nearestPoint,
  niceTicks,
  numberText,
  type Scales,
} from '@demur/charts';
import { useState } from 'react';
import { ChartFrame, chartSize } from './chart-frame.tsx';
import { ChartPanel } from './chart-panel.tsx';
import styles from './line-chart.module.css';

export interface ChartLine {
  name: string;
  /** One for every point of the axis; null where there is none. */
  values: readonly (number | null)[];
  /** Half the width of the band at each value; left out for no band. */
  spread?: readonly (number | null)[];
}

interface LineChartProps {
  label: string;
  axis: ChartAxis;
  lines: readonly ChartLine[];
  /** Values marked by a dashed line. */
  references: readonly number[];
  /** Marks every point with a dot: where points are few and not evenly spread. */
  hasDots?: boolean;
}

export function LineChart({ label, axis, lines, references, hasDots = false }: LineChartProps) {
  const [at, setAt] = useState<number>();
  const { width, height, left, right, top, bottom } = chartSize;
  const domain = valueDomain(lines, references);
  const scales = { x: axisScale(axis, [left, width - right]), y: linearScale(domain, [height - bottom, top]) };
  /** By the index of a point. */
  const places = { x: (index: number) => scales.x(axis.values[index] ?? 0), y: scales.y };
  return (
    <ChartPanel
      label={label}
      count={axis.values.length}
      at={at}
      onLook={setAt}
      onPoint={(x) => setAt(nearestPoint(axis, scales.x, x))}
      words={at === undefined ? '\u00a0' : valuesAt(lines, axis, at)}
    >
      <ChartFrame scales={scales} axis={axis} ticks={niceTicks(...domain, 5)} references={references} />
      {lines.map((line, i) => (
        <g key={line.name} data-line={i}>
          {line.spread && <path className={styles.band} d={spreadPath(line, places)} />}
          <path className={styles.line} d={linePath(line.values, places)} />
          {hasDots &&
            line.values.map((value, index) =>
              value === null ? null : (
                <circle key={index} className={styles.dot} cx={places.x(index)} cy={scales.y(value)} r={3.5} />
              ),
            )}
        </g>
      ))}
      {at !== undefined && (
        <line className={styles.cursor} x1={places.x(at)} x2={places.x(at)} y1={top} y2={height - bottom} />
      )}
    </ChartPanel>
  );
}

/** The band of value ± spread. */
function spreadPath({ values, spread = [] }: ChartLine, places: Scales): string {
  const at = (side: number) =>
    values.map((value, i) => {
      const around = spread[i] ?? null;
      return value === null || around === null ? null : value + side * around;
    });
  return bandPath(at(-1), at(1), places);
}

/** All values with their bands, and the references, with a little room. */
function valueDomain(lines: readonly ChartLine[], references: readonly number[]): [number, number] {
  const ends = lines.flatMap(({ values, spread = [] }) =>
    values.flatMap((value, i) => (value === null ? [] : [value - (spread[i] ?? 0), value + (spread[i] ?? 0)])),
  );
  const all = [...ends, ...references];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * 0.05;
  return [low - room, high + room];
}

function valuesAt(lines: readonly ChartLine[], { name: xName, values: xs, text = String }: ChartAxis, at: number) {
  const parts = lines.map(({ name, values, spread }) => {
    const around = spread?.[at] ?? null;
    return `${name} ${numberText(values[at])}${around === null ? '' : ` ± ${numberText(around)}`}`;
  });
  return [`${xName} ${text(xs[at] ?? 0)}`, ...parts].join('  ·  ');
}
