/** A prompt on a line, with the parts marked that differ. */
import styles from './data-set-card.module.css';
import type { Part } from './prompt-parts.ts';

export function PromptLine({ parts }: { parts: readonly Part[] }) {
  return (
    <span className={styles.prompt}>
      {parts.map(({ text, differs }, i) => (differs ? <mark key={i}>{text}</mark> : text))}
    </span>
  );
}
