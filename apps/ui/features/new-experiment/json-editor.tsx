'use client';
/** The specification as JSON, with the line marked that the server's error is about. */
import { useState, type SubmitEvent } from 'react';
import { ApiError } from '../../client/api-error.ts';
import styles from './new-experiment.module.css';
import { lineOfPath } from './spec-path.ts';

interface JsonEditorProps {
  text: string;
  error: Error | undefined;
  pending: boolean;
  onText: (text: string) => void;
  onSubmit: (spec: unknown) => void;
}

export function JsonEditor({ text, error, pending, onText, onSubmit }: JsonEditorProps) {
  const [syntax, setSyntax] = useState<string>();
  const lines = text.split('\n');
  const wrong = error instanceof ApiError && error.path !== undefined ? lineOfPath(text, error.path) : undefined;
  const edit = (changed: string): void => {
    setSyntax(undefined);
    onText(changed);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    try {
      onSubmit(JSON.parse(text));
    } catch (mistake) {
      setSyntax(mistake instanceof SyntaxError ? `This is not JSON yet: ${mistake.message}` : String(mistake));
    }
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <div className={styles.editor}>
        <ol aria-hidden="true">
          {lines.map((_, i) => (
            <li key={i} data-wrong={i + 1 === wrong}>
              {i + 1}
            </li>
          ))}
        </ol>
        <textarea
          aria-label="Specification as JSON"
          aria-invalid={wrong !== undefined || syntax !== undefined}
          rows={Math.max(12, lines.length + 1)}
          wrap="off"
          spellCheck={false}
          value={text}
          onChange={(event) => edit(event.target.value)}
        />
      </div>
      {wrong !== undefined && (
        <p role="alert" className={styles.error}>
          Line {wrong}: {error?.message}
        </p>
      )}
      {syntax && (
        <p role="alert" className={styles.error}>
          {syntax}
        </p>
      )}
      <button className="primary" disabled={pending}>
        {pending ? 'Checking…' : 'Run experiment'}
      </button>
    </form>
  );
}
