'use client';
/** One option of the form: its control, and below it what the server says of it, or its hint. */
import { useId } from 'react';
import { CheckGroup } from '../../components/check-group.tsx';
import { Field } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import styles from './new-experiment.module.css';
import type { OptionField, OptionValue } from './option-field.ts';

export interface OptionControlProps {
  field: OptionField;
  /** Words that the option may be. */
  choices: readonly string[];
  value: OptionValue;
  error: string | undefined;
  onChange: (value: OptionValue) => void;
}

export function OptionControl(props: OptionControlProps) {
  switch (props.field.control) {
    case 'flag':
      return <FlagOption {...props} />;
    case 'checks':
    case 'segmented':
    case 'way':
      return <ChoiceOption {...props} />;
    default:
      return <EnteredOption {...props} />;
  }
}

/** A choice by its word, or as the spec calls it. */
const named = (choices: readonly string[], words: OptionField['words'] = {}): Record<string, string> =>
  Object.fromEntries(choices.map((choice) => [choice, words[choice] ?? choice]));

function FlagOption({ field, value, error, onChange }: OptionControlProps) {
  return (
    <div className={styles.wide}>
      <label className={styles.check}>
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        {field.label}
      </label>
      <Below error={error} hint={field.hint} />
    </div>
  );
}

/** All choices side by side, of which one holds or any number. Of one without a default, the first is what leaving it out means. */
function ChoiceOption({ field, choices, value, error, onChange }: OptionControlProps) {
  const words = field.control === 'way' ? (field.words ?? {}) : named(choices, field.words);
  return (
    <div className={`${styles.wide} ${styles.choice}`}>
      {Array.isArray(value) ? (
        <CheckGroup label={field.label} choices={words} values={value} onChange={onChange} />
      ) : (
        <>
          <span aria-hidden="true">{field.label}</span>
          <Segmented
            label={field.label}
            choices={words}
            value={String(value) || (choices[0] ?? '')}
            onChange={onChange}
          />
        </>
      )}
      <Below error={error} hint={field.hint} />
    </div>
  );
}

function EnteredOption({ field, choices, value, error, onChange }: OptionControlProps) {
  const id = useId();
  const shared = { value: String(value), placeholder: field.example, spellCheck: false };
  const isList = field.control === 'lines';
  return (
    <div className={isList ? styles.wide : undefined}>
      <Field label={field.label} hint={field.hint} error={error}>
        {(attributes) => {
          const all = { ...attributes, ...shared };
          if (isList) return <textarea {...all} rows={3} onChange={(event) => onChange(event.target.value)} />;
          if (field.control === 'select')
            return (
              <select {...attributes} value={shared.value} onChange={(event) => onChange(event.target.value)}>
                {Object.entries(named(choices, field.words)).map(([choice, words]) => (
                  <option key={choice} value={choice}>
                    {words}
                  </option>
                ))}
              </select>
            );
          return (
            <>
              <input
                {...all}
                inputMode={field.reads === 'number' ? 'decimal' : undefined}
                list={choices.length > 0 ? id : undefined}
                onChange={(event) => onChange(event.target.value)}
              />
              {choices.length > 0 && <Suggestions id={id} choices={choices} />}
            </>
          );
        }}
      </Field>
    </div>
  );
}

function Suggestions({ id, choices }: { id: string; choices: readonly string[] }) {
  return (
    <datalist id={id}>
      {choices.map((choice) => (
        <option key={choice} value={choice} />
      ))}
    </datalist>
  );
}

function Below({ error, hint }: { error: string | undefined; hint: string | undefined }) {
  if (error)
    return (
      <p role="alert" className={styles.error}>
        {error}
      </p>
    );
  return hint ? <p className={styles.hint}>{hint}</p> : null;
}
