'use client';
/** Sets up an experiment by form or as JSON, and starts it. */
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { ApiError } from '../../client/api-error.ts';
import { execute } from '../../client/execute.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { CreateExperimentDocument, NewExperimentChoicesDocument } from '../../graphql/graphql.ts';
import { CostEstimate } from './cost-estimate.tsx';
import { formOfAddress } from './form-address.ts';
import { JsonEditor } from './json-editor.tsx';
import styles from './new-experiment.module.css';
import { SpecFields } from './spec-fields.tsx';
import { fieldOfPath, formPaths, specOf, type SpecForm } from './spec-form.ts';
import type { JsonSchema } from './spec-schema.ts';

/** The specification as it is written; undefined of text that is no JSON yet. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function NewExperiment() {
  const choices = useGraphqlQuery(NewExperimentChoicesDocument, {});
  const { params, change } = useUrlState();
  const [form, setForm] = useState(() => formOfAddress(params));
  /** Undefined while the form is in use. */
  const [json, setJson] = useState<string>();
  const router = useRouter();
  const create = useMutation({
    mutationFn: (spec: unknown) => execute(CreateExperimentDocument, { variables: { spec } }),
    onSuccess: ({ createExperiment }) => router.push(`/experiments/${createExperiment.id}`),
  });
  if (choices.error) return <ErrorNotice error={choices.error} retry={() => void choices.refetch()} />;
  if (!choices.data) return <Loading what="models and data sets" />;
  const { models, dataSets } = choices.data;
  const schema = choices.data.specSchema as JsonSchema;
  const filled = {
    ...form,
    model: form.model || (models[0]?.slug ?? ''),
    pairs: form.pairs || (dataSets[0]?.slug ?? ''),
  };
  const edit = (changed: Partial<SpecForm>): void => {
    create.reset();
    setForm({ ...form, ...changed });
    if (changed.kind) change({ kind: changed.kind });
  };
  const switchTo = (mode: 'form' | 'json'): void => {
    create.reset();
    setJson(mode === 'json' ? JSON.stringify(specOf(filled, schema), null, 2) : undefined);
  };
  const error = create.error ?? undefined;
  const path = error instanceof ApiError ? error.path : undefined;
  /** The form and the editor show an error themselves where they have a place for it. */
  const placed = json === undefined ? fieldOfPath(path, formPaths(filled, schema)) !== undefined : path !== undefined;
  return (
    <div className={styles.page}>
      <Segmented
        label="Write it as"
        choices={{ form: 'Form', json: 'JSON' }}
        value={json === undefined ? 'form' : 'json'}
        onChange={switchTo}
      />
      {json === undefined ? (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate(specOf(filled, schema));
          }}
        >
          <SpecFields form={filled} schema={schema} models={models} dataSets={dataSets} error={error} onEdit={edit} />
          <button className="primary" disabled={create.isPending}>
            {create.isPending ? 'Checking…' : 'Run experiment'}
          </button>
        </form>
      ) : (
        <JsonEditor
          text={json}
          error={error}
          pending={create.isPending}
          onText={(text) => (create.reset(), setJson(text))}
          onSubmit={create.mutate}
        />
      )}
      {error && !placed && <ErrorNotice error={error} />}
      <CostEstimate spec={json === undefined ? specOf(filled, schema) : parsed(json)} />
    </div>
  );
}
