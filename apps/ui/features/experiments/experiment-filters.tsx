'use client';
/** Which experiments the list shows: kind, state and model, kept in the address. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { ExperimentFilterChoicesDocument } from '../../graphql/graphql.ts';
import { kindNames, statusNames } from './kinds.ts';
import styles from './experiment-list.module.css';

export function ExperimentFilters() {
  const { data } = useGraphqlQuery(ExperimentFilterChoicesDocument, {});
  const models = Object.fromEntries((data?.models ?? []).map(({ slug, name }) => [slug, name]));
  return (
    <form className={styles.filters} role="search" aria-label="Filter experiments" onSubmit={(e) => e.preventDefault()}>
      <Choice name="kind" label="Kind" choices={kindNames} />
      <Choice name="status" label="Status" choices={statusNames} />
      <Choice name="model" label="Model" choices={models} />
    </form>
  );
}

function Choice({ name, label, choices }: { name: string; label: string; choices: Record<string, string> }) {
  const { params, change } = useUrlState();
  const choose = (value: string): void => change({ [name]: value, after: null, page: null });
  return (
    <label>
      {label}
      <select name={name} value={params.get(name) ?? ''} onChange={(event) => choose(event.target.value)}>
        <option value="">All</option>
        {Object.entries(choices).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
