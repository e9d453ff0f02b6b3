/** The choice of a data set in a form. */
import Link from 'next/link';
import { Field } from '../../components/field.tsx';

interface DataSetFieldProps {
  dataSets: readonly { slug: string; name: string; size?: number | null }[];
  /** A slug. */
  value: string;
  error?: string | undefined;
  onChange: (slug: string) => void;
}

export function DataSetField({ dataSets, value, error, onChange }: DataSetFieldProps) {
  return (
    <Field label="Data set" error={error} hint={<Link href="/data-sets">See the pairs</Link>}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange(event.target.value)}>
          {dataSets.map(({ slug, name, size }) => (
            <option key={slug} value={slug}>
              {name} {sizeText(size)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Of a data set that comes with demur the model decides. */
function sizeText(size: number | null | undefined): string {
  if (size === null || size === undefined) return '(comes with demur)';
  return `(${size} ${size === 1 ? 'pair' : 'pairs'})`;
}
