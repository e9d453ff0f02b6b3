'use client';
/** The metric, and the shares of flipped pairs and of refusals, over the coefficients of a steering. */
import type { ChartAxis } from '@demur/charts';
import { LineChart, type ChartLine } from '../../components/line-chart.tsx';
import { sentenceCase } from '../../components/sentence-case.ts';
import study from '../../components/study.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { SweepCurvesFragmentDoc } from '../../graphql/graphql.ts';
import styles from './steering-study.module.css';

interface SweepCurvesProps {
  sweep: FragmentType<typeof SweepCurvesFragmentDoc>;
  /** In words, such as "logit difference". */
  metric: string;
}

/** Fewer than these are better read in the table. */
const LEAST_POINTS = 3;

export function SweepCurves({ sweep, metric }: SweepCurvesProps) {
  const { coefficients, mean, baseline, flips, refusalShare } = readFragment(SweepCurvesFragmentDoc, sweep);
  const order = [...coefficients.keys()].sort((a, b) => coefficients[a]! - coefficients[b]!);
  if (new Set(coefficients).size < LEAST_POINTS) return null;
  const axis: ChartAxis = {
    name: 'coefficient',
    values: order.map((c) => coefficients[c]!),
    text: (value) => String(value).replace('-', '−'),
  };
  const line = (name: string, values: readonly (number | null)[] | null | undefined): ChartLine[] =>
    values?.some((value) => value !== null) ? [{ name, values: order.map((c) => values[c] ?? null) }] : [];
  const shares = [...line('refusals', refusalShare), ...line('flipped pairs', flips)];
  return (
    <section className={styles.section} aria-label="Over the coefficients">
      <h2>Over the coefficients</h2>
      <h3>{sentenceCase(metric)}; dashed: the plain run</h3>
      <LineChart
        hasDots
        label={`${sentenceCase(metric)} over coefficients`}
        axis={axis}
        lines={line(metric, mean)}
        references={baseline == null ? [] : [baseline]}
      />
      {shares.length > 0 && (
        <>
          <ul className={study.key}>
            {shares.map(({ name }, i) => (
              <li key={name} data-line={i}>
                Share of {name}
              </li>
            ))}
          </ul>
          <LineChart hasDots label="Shares over coefficients" axis={axis} lines={shares} references={[0, 1]} />
        </>
      )}
    </section>
  );
}
