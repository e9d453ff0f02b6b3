'use client';
/** The options of the chosen kind, and the settings that it is often run with. */
import { specKind } from '../experiments/kinds.ts';
import styles from './new-experiment.module.css';
import { OptionControl } from './option-control.tsx';
import type { OptionValues } from './option-field.ts';
import { presets } from './presets.ts';
import { optionSchema, optionValues, shownFields, type SpecForm } from './spec-form.ts';
import { choicesOf, type JsonSchema } from './spec-schema.ts';

interface KindOptionsProps {
  form: SpecForm;
  schema: JsonSchema;
  /** The server's sentence about a field of the specification, if it is about this one. */
  errorAt: (field: string) => string | undefined;
  onEdit: (changed: Partial<SpecForm>) => void;
}

export function KindOptions({ form, schema, errorAt, onEdit }: KindOptionsProps) {
  const { kind, options } = form;
  const values = optionValues(form, schema);
  const set = (entered: OptionValues): void => onEdit({ options: { ...options, [kind]: entered } });
  return (
    <fieldset className={styles.options}>
      <legend>Options</legend>
      <Presets kind={kind} onChoose={set} />
      {shownFields(kind, values).map((field) => (
        <OptionControl
          key={`${specKind(kind)}.${field.path}`}
          field={field}
          choices={choicesOf(optionSchema(schema, kind, field))}
          value={values[field.path] ?? ''}
          error={field.control === 'way' ? undefined : errorAt(`options.${field.path}`)}
          onChange={(value) => set({ ...options[kind], [field.path]: value })}
        />
      ))}
    </fieldset>
  );
}

function Presets({ kind, onChoose }: { kind: SpecForm['kind']; onChoose: (values: OptionValues) => void }) {
  const known = Object.entries(presets[kind] ?? {});
  if (known.length === 0) return null;
  return (
    <p className={styles.presets}>
      <small>Start from</small>
      {known.map(([name, values]) => (
        <button key={name} type="button" onClick={() => onChoose(values)}>
          {name}
        </button>
      ))}
    </p>
  );
}
