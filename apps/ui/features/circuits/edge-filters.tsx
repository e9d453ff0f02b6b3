'use client';
/** Which edges are shown, kept in the address. */
import { useUrlState } from '../../client/use-url-state.ts';
import { CheckGroup } from '../../components/check-group.tsx';
import { filterParameters, keysOf, kindWords, membershipWords, portWords, signWords } from './edge-filter.ts';
import styles from './edge-filters.module.css';
import { LayerInputs } from './layer-inputs.tsx';
import { ScoreInput } from './score-input.tsx';

const { LOGITS: _logits, KV_HEAD: _keysAndValues, ...senderKinds } = kindWords;
const { INPUT: _input, ...receiverKinds } = kindWords;

/** @param hasCircuit whether some of the edges are a chosen circuit */
export function EdgeFilters({ hasCircuit }: { hasCircuit: boolean }) {
  const { params, change } = useUrlState();
  const set = (name: string, value: string | null): void => change({ [name]: value, after: null, page: null });
  const list = <T extends string>(name: string, table: Record<T, string>) => ({
    values: keysOf(params.get(name), table) ?? [],
    onChange: (values: T[]) => set(name, values.join('.')),
  });
  const filtered = filterParameters.some((name) => params.has(name));
  const clear = (): void =>
    change({ ...Object.fromEntries(filterParameters.map((name) => [name, null])), after: null, page: null });
  return (
    <form
      className={styles.filters}
      role="search"
      aria-label="Filter edges"
      onSubmit={(event) => event.preventDefault()}
    >
      <div className={styles.side}>
        <CheckGroup label="From" choices={senderKinds} {...list('from', senderKinds)} />
        <LayerInputs
          label="From layers"
          value={params.get('fromLayers')}
          onChange={(value) => set('fromLayers', value)}
        />
      </div>
      <div className={styles.side}>
        <CheckGroup label="To" choices={receiverKinds} {...list('to', receiverKinds)} />
        <LayerInputs label="To layers" value={params.get('toLayers')} onChange={(value) => set('toLayers', value)} />
      </div>
      <CheckGroup label="Port" choices={portWords} {...list('ports', portWords)} />
      <label className={styles.field}>
        Sign
        <select value={params.get('sign') ?? ''} onChange={(event) => set('sign', event.target.value)}>
          <option value="">both</option>
          {Object.entries(signWords).map(([sign, words]) => (
            <option key={sign} value={sign}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {hasCircuit && (
        <label className={styles.field}>
          Circuit
          <select value={params.get('in') ?? ''} onChange={(event) => set('in', event.target.value)}>
            <option value="">all edges</option>
            {Object.entries(membershipWords).map(([key, words]) => (
              <option key={key} value={key}>
                {words}
              </option>
            ))}
          </select>
        </label>
      )}
      <ScoreInput value={params.get('min')} onChange={(value) => set('min', value)} />
      {filtered && (
        <button type="button" onClick={clear}>
          Clear
        </button>
      )}
    </form>
  );
}
