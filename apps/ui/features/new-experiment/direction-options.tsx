'use client';
/** The options of the kind that finds directions. */
import { Field } from '../../components/field.tsx';
import type { KindOptionsProps } from './kind-options.tsx';
import styles from './new-experiment.module.css';

export function DirectionOptions({ form, errorAt, onEdit }: KindOptionsProps) {
  return (
    <div className={styles.options}>
      <div className={styles.row}>
        <Field label="Layers" error={errorAt('options.layers')} hint="all, or layers such as 12, 13">
          {(attributes) => (
            <input
              {...attributes}
              value={form.foundLayers}
              onChange={(event) => onEdit({ foundLayers: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="Positions"
          error={errorAt('options.position')}
          hint="Columns from the end or roles, such as -2, -1, object"
        >
          {(attributes) => (
            <input
              {...attributes}
              value={form.foundPositions}
              onChange={(event) => onEdit({ foundPositions: event.target.value })}
            />
          )}
        </Field>
      </div>
      <label className={styles.check}>
        <input type="checkbox" checked={form.select} onChange={(event) => onEdit({ select: event.target.checked })} />
        Try each of them, and choose the one whose ablation leaves least of the behaviour
      </label>
    </div>
  );
}
