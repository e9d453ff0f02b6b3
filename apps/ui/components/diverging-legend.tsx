/** The key to a diverging scale: the colours, the numbers at both ends and in the middle, and what the ends mean. */
import { divergingGradient, numberText } from '@demur/charts';
import styles from './diverging-legend.module.css';

interface DivergingLegendProps {
  low: number;
  centre: number;
  high: number;
  lowWords: string;
  centreWords: string;
  highWords: string;
}

export function DivergingLegend({ low, centre, high, lowWords, centreWords, highWords }: DivergingLegendProps) {
  return (
    <div className={styles.legend}>
      <div className={styles.bar} style={{ background: divergingGradient() }} aria-hidden="true" />
      <Mark value={low} words={lowWords} />
      <Mark value={centre} words={centreWords} />
      <Mark value={high} words={highWords} />
    </div>
  );
}

function Mark({ value, words }: { value: number; words: string }) {
  return (
    <div className={styles.mark}>
      <span>{numberText(value)}</span>
      <small>{words}</small>
    </div>
  );
}
