'use client';
/** The panel of a chart: a drawing that is walked by the arrow keys, a point at a time, and a line of words about that point. */
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { chartSize } from './chart-frame.tsx';
import styles from './chart-panel.module.css';

interface ChartPanelProps {
  label: string;
  /** How many points there are to walk. */
  count: number;
  /** The point that is looked at. */
  at: number | undefined;
  onLook: (at: number | undefined) => void;
  /** Where the pointer is, in units of the drawing. */
  onPoint?: (x: number) => void;
  words: string;
  children: ReactNode;
}

export function ChartPanel({ label, count, at, onLook, onPoint, words, children }: ChartPanelProps) {
  const { width, height } = chartSize;
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    onPoint?.(((event.clientX - box.left) / box.width) * width);
  };
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onLook(Math.max(0, Math.min(count - 1, (at ?? -1) + step)));
  };
  return (
    <div className={styles.chart}>
      <div className={styles.scroll}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={label}
          tabIndex={0}
          onPointerMove={point}
          onPointerLeave={() => onLook(undefined)}
          onKeyDown={walk}
        >
          {children}
        </svg>
      </div>
      <p className={styles.readout} aria-live="polite">
        {words}
      </p>
    </div>
  );
}
