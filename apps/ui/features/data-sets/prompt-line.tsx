/** A prompt on a line, with the parts marked that differ. */
import styles from './data-set-card.module.css';
import type { Part } from './prompt-parts.ts';

export function PromptLine({ parts }: { parts: readonly Part[] }) {
  return (
    <span className={styles.prompt}>
      {parts.map((part, i) => (part.differs ? <Marked key={i} text={part.text} /> : part.text))}
    </span>
  );
}

/** The space before a word stays outside the mark. */
function Marked({ text }: { text: string }) {
  const word = text.trimStart();
  return (
    <>
      {text.slice(0, text.length - word.length)}
      <mark>{word || text}</mark>
    </>
  );
}
