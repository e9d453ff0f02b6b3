/** One prompt as its tokens, the shared prefix folded. */
import { numberText } from '@demur/charts';
import { visibleToken } from '../patching/token-text.ts';
import styles from './experiment-pairs.module.css';

interface Token {
  id: number;
  string: string;
}

interface TokenLineProps {
  label: string;
  tokens: readonly Token[];
  other: readonly Token[];
  /** The first position where the two prompts differ. */
  from: number;
  /** The metric of this prompt, where it was measured. */
  metric: { name: string; value: number | null | undefined };
}

/** Some tokens of the shared part stay, so that one sees where the difference stands. */
const kept = 6;

export function TokenLine({ label, tokens, other, from, metric }: TokenLineProps) {
  const start = from > kept + 2 ? from - kept : 0;
  return (
    <p className={styles.line}>
      <small>{label}</small>
      {start > 0 && <span className={styles.folded}>{start} shared tokens</span>}
      {tokens.slice(start).map(({ id, string }, i) => (
        <span
          key={i}
          title={`${JSON.stringify(string)}, id ${id}, position ${start + i}`}
          data-differs={id !== other[start + i]?.id}
        >
          {visibleToken(string)}
        </span>
      ))}
      {typeof metric.value === 'number' && (
        <small>
          {metric.name} {numberText(metric.value)}
        </small>
      )}
    </p>
  );
}
