'use client';
/** The fields of the form: what to run, on which model and pairs, and the options of its kind. */
import { ApiError } from '../../client/api-error.ts';
import { Field } from '../../components/field.tsx';
import type { NewExperimentChoicesQuery } from '../../graphql/graphql.ts';
import { specKind } from '../experiments/kinds.ts';
import { DataSetField } from '../data-sets/data-set-field.tsx';
import { ModelField } from '../models/model-field.tsx';
import { KindChoice } from './kind-choice.tsx';
import { KindOptions } from './kind-options.tsx';
import styles from './new-experiment.module.css';
import { fieldOfPath, formPaths, metricWords, type SpecForm } from './spec-form.ts';
import { choicesOf, schemaAt, schemaKinds, type JsonSchema } from './spec-schema.ts';

interface SpecFieldsProps extends Pick<NewExperimentChoicesQuery, 'models' | 'dataSets'> {
  form: SpecForm;
  schema: JsonSchema;
  error: Error | undefined;
  onEdit: (changed: Partial<SpecForm>) => void;
}

export function SpecFields({ form, schema, models, dataSets, error, onEdit }: SpecFieldsProps) {
  const wrong = error instanceof ApiError ? fieldOfPath(error.path, formPaths(form, schema)) : undefined;
  const metric = schemaAt(schema, specKind(form.kind), 'metric');
  const errorAt = (field: string): string | undefined => (wrong === field ? error?.message : undefined);
  return (
    <>
      <KindChoice kind={form.kind} available={schemaKinds(schema)} onChoose={(kind) => onEdit({ kind })} />
      <div className={styles.row}>
        <ModelField
          models={models}
          value={form.model}
          error={errorAt('model')}
          onChange={(model) => onEdit({ model })}
        />
        <DataSetField
          dataSets={dataSets}
          value={form.pairs}
          error={errorAt('pairs')}
          onChange={(pairs) => onEdit({ pairs })}
        />
        {form.kind !== 'GENERATION' && (
          <Field label="Metric" error={errorAt('metric')}>
            {(attributes) => (
              <select
                {...attributes}
                value={form.metric || String(metric?.default)}
                onChange={(event) => onEdit({ metric: event.target.value })}
              >
                {choicesOf(metric).map((name) => (
                  <option key={name} value={name}>
                    {metricWords[name] ?? name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
      </div>
      <KindOptions form={form} schema={schema} errorAt={errorAt} onEdit={onEdit} />
    </>
  );
}
