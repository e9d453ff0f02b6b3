'use client';
/** Conditions of a list, each kept in the address; a change of one goes back to the first page. */
import type { ReactNode } from 'react';
import { useUrlState } from '../client/use-url-state.ts';
import styles from './filter-choice.module.css';

export function FilterBar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <form className={styles.filters} role="search" aria-label={label} onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}

interface FilterChoiceProps {
  /** Of the parameter in the address. */
  name: string;
  label: string;
  /** Words by value. */
  choices: Record<string, string>;
}

export function FilterChoice({ name, label, choices }: FilterChoiceProps) {
  const { params, change } = useUrlState();
  const choose = (value: string): void => change({ [name]: value, after: null, page: null });
  return (
    <label>
      {label}
      <select name={name} value={params.get(name) ?? ''} onChange={(event) => choose(event.target.value)}>
        <option value="">All</option>
        {Object.entries(choices).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
