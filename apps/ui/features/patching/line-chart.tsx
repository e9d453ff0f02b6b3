'use client';
/** A small line chart in plain SVG: lines with bands over whole numbers, and the values at the point under the pointer or the focus. */
import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import { numberText } from '../../components/number-text.ts';
import { linearScale, niceTicks } from '../../components/ticks.ts';
import { ChartFrame } from './chart-frame.tsx';
import { bandPath, linePath } from './line-chart.ts';
import styles from './line-chart.module.css';

export interface ChartLine {
  name: string;
  values: readonly (number | null)[];
  /** Half the width of the band at each value; empty for no band. */
  spread: readonly (number | null)[];
}

interface LineChartProps {
  label: string;
  lines: readonly ChartLine[];
  /** Values marked by a dashed line. */
  references: readonly number[];
  xName: string;
}

export const chartSize = { width: 760, height: 260, left: 46, right: 12, top: 10, bottom: 30 };

export function LineChart({ label, lines, references, xName }: LineChartProps) {
  const [at, setAt] = useState<number>();
  const count = Math.max(1, ...lines.map(({ values }) => values.length));
  const { width, height, left, right, top, bottom } = chartSize;
  const domain = valueDomain(lines, references);
  const scales = {
    x: linearScale([0, Math.max(1, count - 1)], [left, width - right]),
    y: linearScale(domain, [height - bottom, top]),
  };
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    setAt(clampIndex(((x - left) / (width - right - left)) * (count - 1), count));
  };
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setAt(clampIndex((at ?? -1) + step, count));
  };
  return (
    <div className={styles.chart}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={label}
        tabIndex={0}
        onPointerMove={point}
        onPointerLeave={() => setAt(undefined)}
        onKeyDown={walk}
      >
        <ChartFrame
          scales={scales}
          count={count}
          ticks={niceTicks(...domain, 5)}
          references={references}
          xName={xName}
        />
        {lines.map((line, i) => (
          <g key={line.name} data-line={i}>
            <path className={styles.band} d={bandPath(line.values, line.spread, scales)} />
            <path className={styles.line} d={linePath(line.values, scales)} />
          </g>
        ))}
        {at !== undefined && (
          <line className={styles.cursor} x1={scales.x(at)} x2={scales.x(at)} y1={top} y2={height - bottom} />
        )}
      </svg>
      <p className={styles.readout} aria-live="polite">
        {at === undefined ? '\u00a0' : valuesAt(lines, at, xName)}
      </p>
    </div>
  );
}

const clampIndex = (index: number, count: number): number => Math.max(0, Math.min(count - 1, Math.round(index)));

/** All values with their bands, and the references, with a little room. */
function valueDomain(lines: readonly ChartLine[], references: readonly number[]): [number, number] {
  const ends = lines.flatMap(({ values, spread }) =>
    values.flatMap((value, i) => (value === null ? [] : [value - (spread[i] ?? 0), value + (spread[i] ?? 0)])),
  );
  const all = [...ends, ...references];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * 0.05;
  return [low - room, high + room];
}

function valuesAt(lines: readonly ChartLine[], at: number, xName: string): string {
  const parts = lines.map(({ name, values, spread }) => {
    const around = spread[at] ?? null;
    return `${name} ${numberText(values[at])}${around === null ? '' : ` ± ${numberText(around)}`}`;
  });
  return [`${xName} ${at}`, ...parts].join('  ·  ');
}
