'use client';
/** The options of the chosen kind. */
import { CheckGroup } from '../../components/check-group.tsx';
import { Field } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { GenerationOptions, SteeringOptions } from './completion-options.tsx';
import { DirectionOptions } from './direction-options.tsx';
import styles from './new-experiment.module.css';
import type { SpecForm } from './spec-form.ts';

export interface KindOptionsProps {
  form: SpecForm;
  /** The server's sentence about a field of the specification, if it is about this one. */
  errorAt: (field: string) => string | undefined;
  onEdit: (changed: Partial<SpecForm>) => void;
}

export function KindOptions(props: KindOptionsProps) {
  switch (props.form.kind) {
    case 'activation-patching':
      return <PatchingOptions {...props} />;
    case 'attribution':
      return <AttributionOptions {...props} />;
    case 'activations':
      return <ActivationsOptions {...props} />;
    case 'direction':
      return <DirectionOptions {...props} />;
    case 'steering':
      return <SteeringOptions {...props} />;
    case 'generation':
      return <GenerationOptions {...props} />;
  }
}

const patchable = {
  resid_pre: 'resid_pre',
  resid_mid: 'resid_mid',
  resid_post: 'resid_post',
  attn_out: 'attn_out',
  mlp_out: 'mlp_out',
  z: 'z',
  q: 'q',
  k: 'k',
  v: 'v',
  pattern: 'pattern',
};
const positions = ['each', 'all', 'last'];

function PatchingOptions({ form, errorAt, onEdit }: KindOptionsProps) {
  return (
    <div className={styles.options}>
      <Segmented
        label="Direction"
        choices={{ denoising: 'Denoising: clean into corrupted', noising: 'Noising: corrupted into clean' }}
        value={form.direction}
        onChange={(direction) => onEdit({ direction })}
      />
      <CheckGroup
        label="Activations"
        choices={patchable}
        values={form.activations as (keyof typeof patchable)[]}
        onChange={(activations) => onEdit({ activations })}
      />
      {errorAt('options.activations') && (
        <p role="alert" className={styles.error}>
          {errorAt('options.activations')}
        </p>
      )}
      <Field
        label="Positions"
        error={errorAt('options.positions')}
        hint="each, all, last, or a list of roles and columns such as object, after-object, -1"
      >
        {(attributes) => (
          <>
            <input
              {...attributes}
              list="positions"
              value={form.positions}
              onChange={(event) => onEdit({ positions: event.target.value })}
            />
            <datalist id="positions">
              {positions.map((value) => (
                <option key={value} value={value} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </div>
  );
}

function AttributionOptions(props: KindOptionsProps) {
  const { form, errorAt, onEdit } = props;
  return (
    <div className={styles.options}>
      <Field
        label="Method"
        error={errorAt('options.method')}
        hint="EAP takes the gradient in the clean run; EAP-IG the mean of five between the corrupted and the clean prompt."
      >
        {(attributes) => (
          <select
            {...attributes}
            value={form.method}
            onChange={(event) => onEdit({ method: event.target.value === 'eap-ig' ? 'eap-ig' : 'eap' })}
          >
            <option value="eap">EAP</option>
            <option value="eap-ig">EAP-IG</option>
          </select>
        )}
      </Field>
      <KvHeads {...props} />
      <Field
        label="Bootstrap"
        error={errorAt('options.bootstrap')}
        hint="How often the pairs are drawn anew, for an interval of every edge; 0 for none."
      >
        {(attributes) => (
          <input
            {...attributes}
            inputMode="numeric"
            value={form.bootstrap}
            onChange={(event) => onEdit({ bootstrap: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function KvHeads({ form, errorAt, onEdit }: KindOptionsProps) {
  return (
    <Field
      label="Key and value heads"
      error={errorAt('options.kvHeads')}
      hint="Native keeps the heads that the model has; expanded repeats them for every query head, as other tools do."
    >
      {(attributes) => (
        <select
          {...attributes}
          value={form.kvHeads}
          onChange={(event) => onEdit({ kvHeads: event.target.value === 'native' ? 'native' : 'expanded' })}
        >
          <option value="expanded">expanded</option>
          <option value="native">native</option>
        </select>
      )}
    </Field>
  );
}

function ActivationsOptions({ form, errorAt, onEdit }: KindOptionsProps) {
  return (
    <div className={styles.options}>
      <Field label="Hook names" error={errorAt('options.names')} hint="One or more, * for every layer">
        {(attributes) => (
          <textarea
            {...attributes}
            rows={2}
            spellCheck={false}
            value={form.names}
            onChange={(event) => onEdit({ names: event.target.value })}
          />
        )}
      </Field>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={form.gradients}
          onChange={(event) => onEdit({ gradients: event.target.checked })}
        />
        Gradients of the metric as well
      </label>
      <Segmented
        label="Logits"
        choices={{ none: 'No logits', last: 'Last position', all: 'All positions' }}
        value={form.logits}
        onChange={(logits) => onEdit({ logits })}
      />
    </div>
  );
}
