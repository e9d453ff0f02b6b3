/** A sentence that the reader must see: an error with its code, or a word of advice where nothing is there yet. */
import type { ReactNode } from 'react';
import { ApiError } from '../client/api-error.ts';
import styles from './notice.module.css';
import { TokenForm, tokenCodes } from './token-form.tsx';

/** The server's own sentence, with code and path when it gave them. */
export function ErrorNotice({ error, retry }: { error: Error; retry?: () => void }) {
  const { code, path } = error instanceof ApiError ? error : { code: undefined, path: undefined };
  return (
    <div role="alert" className={styles.error}>
      <p>{error.message}</p>
      {(code ?? path) && (
        <p className={styles.where}>
          {code && <code>{code}</code>} {path && <code>{path}</code>}
        </p>
      )}
      {code && tokenCodes.includes(code) && <TokenForm />}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.empty}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Lines where content will be. */
export function Loading({ what, lines = 4 }: { what: string; lines?: number }) {
  return (
    <div role="status" className={styles.loading}>
      <span className="visually-hidden">Loading {what}</span>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className={styles.line} style={{ width: `${94 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}
