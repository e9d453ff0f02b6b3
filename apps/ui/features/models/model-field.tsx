/** The choice of a registered model in a form. */
import Link from 'next/link';
import { Field } from '../../components/field.tsx';

interface ModelFieldProps {
  models: readonly { slug: string; name: string }[];
  /** A slug. */
  value: string;
  error?: string | undefined;
  onChange: (slug: string) => void;
}

export function ModelField({ models, value, error, onChange }: ModelFieldProps) {
  return (
    <Field label="Model" error={error} hint={models.length === 0 && <NoModels />}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange(event.target.value)}>
          {models.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function NoModels() {
  return (
    <>
      No model is registered. <Link href="/models">How to register one</Link>
    </>
  );
}
