'use client';
/** Gives one of the candidates a name, by which other specifications call it. */
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { execute } from '../../client/execute.ts';
import { Field } from '../../components/field.tsx';
import { NameDirectionDocument } from '../../graphql/graphql.ts';
import type { Candidates } from './candidate-view.ts';
import styles from './direction-study.module.css';

export function DirectionNaming({ experimentId, candidates }: { experimentId: string; candidates: Candidates }) {
  const { layers, positions, selected } = candidates;
  const [slug, setSlug] = useState('');
  const [layer, setLayer] = useState(selected?.layer ?? layers[0] ?? 0);
  const [position, setPosition] = useState(selected?.position ?? positions[0] ?? '');
  const naming = useMutation({
    mutationFn: () =>
      execute(NameDirectionDocument, { variables: { input: { slug, experiment: experimentId, layer, position } } }),
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    naming.mutate();
  };
  return (
    <form className={styles.naming} onSubmit={submit} aria-label="Name a direction">
      <Field label="Layer">
        {(attributes) => (
          <select {...attributes} value={layer} onChange={(event) => setLayer(Number(event.target.value))}>
            {layers.map((own) => (
              <option key={own}>{own}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Position">
        {(attributes) => (
          <select {...attributes} value={position} onChange={(event) => setPosition(event.target.value)}>
            {positions.map((own) => (
              <option key={own}>{own}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Name" error={naming.error?.message}>
        {(attributes) => (
          <input
            {...attributes}
            value={slug}
            placeholder="refusal-l12"
            onChange={(event) => setSlug(event.target.value)}
          />
        )}
      </Field>
      <button disabled={naming.isPending || slug === ''}>Name it</button>
      {naming.data && (
        <p role="status">
          Specifications call it <code>{naming.data.nameDirection.slug}</code> now.
        </p>
      )}
    </form>
  );
}
