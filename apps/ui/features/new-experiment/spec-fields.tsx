'use client';
/** The fields of the form: what to run, on which model and pairs, and the options of its kind. */
import Link from 'next/link';
import { ApiError } from '../../client/api-error.ts';
import { Field } from '../../components/field.tsx';
import type { NewExperimentChoicesQuery } from '../../graphql/graphql.ts';
import { specKind } from '../experiments/kinds.ts';
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
        <Field label="Model" error={errorAt('model')} hint={models.length === 0 && <NoModels />}>
          {(attributes) => (
            <select {...attributes} value={form.model} onChange={(event) => onEdit({ model: event.target.value })}>
              {models.map(({ slug, name }) => (
                <option key={slug} value={slug}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Data set" error={errorAt('pairs')} hint={<Link href="/data-sets">See the pairs</Link>}>
          {(attributes) => (
            <select {...attributes} value={form.pairs} onChange={(event) => onEdit({ pairs: event.target.value })}>
              {dataSets.map(({ slug, name, size }) => (
                <option key={slug} value={slug}>
                  {name} {sizeText(size)}
                </option>
              ))}
            </select>
          )}
        </Field>
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

/** Of a data set that comes with demur the model decides. */
function sizeText(size: number | null | undefined): string {
  if (size === null || size === undefined) return '(comes with demur)';
  return `(${size} ${size === 1 ? 'pair' : 'pairs'})`;
}

function NoModels() {
  return (
    <>
      No model is registered. <Link href="/models">How to register one</Link>
    </>
  );
}
