'use client';
/** Two circuits that the address names, or that the reader chooses, and what they share. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { Field } from '../../components/field.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { CircuitChoicesDocument, type CircuitChoicesQuery } from '../../graphql/graphql.ts';
import { kindNames } from '../experiments/kinds.ts';
import { modelTitle } from '../models/model-title.ts';
import { Comparison } from './comparison.tsx';
import styles from './comparison.module.css';

/** Numbers of edges to compare, of which the address holds one. */
const tops = [10, 50, 100, 200, 500, 1000];

export function ComparisonPage() {
  const choices = useGraphqlQuery(CircuitChoicesDocument, {});
  const { params, change } = useUrlState();
  if (choices.error) return <ErrorNotice error={choices.error} retry={() => void choices.refetch()} />;
  if (!choices.data) return <Loading what="the circuits" />;
  const circuits = choices.data.experiments.nodes.flatMap(circuitChoice);
  const [a, b] = [params.get('a') ?? '', params.get('b') ?? ''];
  const top = tops.find((count) => String(count) === params.get('top')) ?? 100;
  return (
    <>
      <form className={styles.choice} onSubmit={(event) => event.preventDefault()}>
        <CircuitSelect label="First" name="a" value={a} circuits={circuits} onChange={change} />
        <CircuitSelect label="Second" name="b" value={b} circuits={circuits} onChange={change} />
        <Field label="Edges at most">
          {(attributes) => (
            <select {...attributes} value={top} onChange={(event) => change({ top: event.target.value })}>
              {tops.map((count) => (
                <option key={count}>{count}</option>
              ))}
            </select>
          )}
        </Field>
      </form>
      {a && b ? (
        <Comparison a={a} b={b} top={top} />
      ) : (
        <EmptyState title="Choose two circuits">
          <p>Attributions and circuit discoveries that have succeeded are in the lists.</p>
        </EmptyState>
      )}
    </>
  );
}

interface Choice {
  id: string;
  words: string;
}

/** `Attribution of Tiny llama on Golden pairs, 22/11/2026, 08:14` */
function circuitChoice(experiment: CircuitChoicesQuery['experiments']['nodes'][number]): Choice[] {
  const { kind, circuit, dataSet, createdAt } = experiment;
  const on = dataSet ? ` on ${dataSet.name}` : '';
  const when = new Date(createdAt).toLocaleString();
  return circuit ? [{ id: circuit.id, words: `${kindNames[kind]} of ${modelTitle(experiment)}${on}, ${when}` }] : [];
}

interface CircuitSelectProps {
  label: string;
  name: 'a' | 'b';
  value: string;
  circuits: readonly Choice[];
  onChange: (changes: Record<string, string>) => void;
}

/** A circuit that is not in the list, such as an imported one, stays chosen by its id. */
function CircuitSelect({ label, name, value, circuits, onChange }: CircuitSelectProps) {
  const isOther = value !== '' && circuits.every(({ id }) => id !== value);
  return (
    <Field label={label}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange({ [name]: event.target.value })}>
          <option value="">choose</option>
          {isOther && <option value={value}>{value}</option>}
          {circuits.map(({ id, words }) => (
            <option key={id} value={id}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
