'use client';
/** Asks for the API token that a call was refused for want of, and has the page ask again with it. */
import { useQueryClient } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';
import { keepToken } from '../client/api-token.ts';
import { Field } from './field.tsx';
import styles from './notice.module.css';

/** Codes of what another token may do. */
export const tokenCodes: readonly string[] = ['UNAUTHENTICATED', 'FORBIDDEN'];

export function TokenForm() {
  const cache = useQueryClient();
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    if (typeof token === 'string') keepToken(token);
    void cache.resetQueries();
  };
  return (
    <form className={styles.token} onSubmit={submit}>
      <Field
        label="API token"
        hint="Kept in this browser. Who runs the server makes one: npm start -- --create-token ROLE"
      >
        {(attributes) => <input {...attributes} name="token" type="password" autoComplete="off" required />}
      </Field>
      <button className="primary">Use it</button>
    </form>
  );
}
