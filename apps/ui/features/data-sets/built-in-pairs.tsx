'use client';
/** The pairs of a data set that comes with demur, for a model of choice: words are kept or left out by its tokens. */
import { useState } from 'react';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { Field } from '../../components/field.tsx';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { BuiltInPairsDocument, BuiltInPairsModelsDocument } from '../../graphql/graphql.ts';
import styles from './data-set-card.module.css';
import { PairTable } from './pair-table.tsx';

export function BuiltInPairs({ slug }: { slug: string }) {
  const [model, setModel] = useState('');
  const choices = useGraphqlQuery(BuiltInPairsModelsDocument, {});
  if (!choices.data || choices.data.models.length === 0) return null;
  return (
    <>
      <div className={styles.choice}>
        <Field label="Pairs for">
          {(attributes) => (
            <select {...attributes} value={model} onChange={(event) => setModel(event.target.value)}>
              <option value="">a model…</option>
              {choices.data.models.map((own) => (
                <option key={own.slug} value={own.slug}>
                  {own.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {model !== '' && <PairsForModel slug={slug} model={model} />}
    </>
  );
}

function PairsForModel({ slug, model }: { slug: string; model: string }) {
  const made = useGraphqlQuery(BuiltInPairsDocument, { slug, model });
  if (made.error) return <ErrorNotice error={made.error} />;
  if (!made.data?.dataSet) return <Loading what="the pairs" />;
  return <PairTable pairs={made.data.dataSet.pairs} />;
}
