'use client';
/** The options of the kinds that make the model write: steering and generation. */
import { Field } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import type { KindOptionsProps } from './kind-options.tsx';
import styles from './new-experiment.module.css';
import type { SpecForm } from './spec-form.ts';

type TextField = 'directionFile' | 'directionName' | 'coefficients' | 'layers' | 'maxTokens' | 'temperature';

interface TextFieldProps extends KindOptionsProps {
  name: TextField;
  label: string;
  hint: string;
  /** The path in the spec that its errors have. */
  path: string;
}

function TextOption({ form, errorAt, onEdit, name, label, hint, path }: TextFieldProps) {
  return (
    <Field label={label} error={errorAt(path)} hint={hint}>
      {(attributes) => (
        <input
          {...attributes}
          value={form[name]}
          onChange={(event) => onEdit({ [name]: event.target.value } as Partial<SpecForm>)}
        />
      )}
    </Field>
  );
}

export function SteeringOptions(props: KindOptionsProps) {
  const { form, onEdit } = props;
  return (
    <div className={styles.options}>
      <Segmented
        label="Mode"
        choices={{ add: 'Add it', ablate: 'Project it out' }}
        value={form.mode}
        onChange={(mode) => onEdit({ mode })}
      />
      <div className={styles.row}>
        <TextOption
          {...props}
          name="directionFile"
          label="Direction"
          path="options.direction"
          hint="A .safetensors file on the server, in a folder that models may lie in"
        />
        <TextOption
          {...props}
          name="directionName"
          label="Tensor"
          path="options.direction.name"
          hint="Its name in the file, one vector as wide as the model"
        />
      </div>
      {form.mode === 'add' && (
        <TextOption
          {...props}
          name="coefficients"
          label="Coefficients"
          path="options.coefficients"
          hint="What it is multiplied by, such as -2, 0, 2"
        />
      )}
      <TextOption {...props} name="layers" label="Layers" path="options.layers" hint="all, or layers such as 12, 13" />
      <Segmented
        label="Where"
        choices={{ all: 'All positions', last: 'The last position' }}
        value={form.steeredPositions}
        onChange={(steeredPositions) => onEdit({ steeredPositions })}
      />
      <Written {...props} />
    </div>
  );
}

export function GenerationOptions(props: KindOptionsProps) {
  return (
    <div className={styles.options}>
      <Written {...props} />
      <TextOption
        {...props}
        name="temperature"
        label="Temperature"
        path="options.temperature"
        hint="0 takes the likeliest token each time"
      />
    </div>
  );
}

function Written(props: KindOptionsProps) {
  return (
    <>
      <Segmented
        label="Prompts"
        choices={{ clean: 'Clean', corrupted: 'Corrupted' }}
        value={props.form.run}
        onChange={(run) => props.onEdit({ run })}
      />
      <TextOption
        {...props}
        name="maxTokens"
        label="Tokens"
        path="options.maxTokens"
        hint="How many the model writes at most"
      />
    </>
  );
}
