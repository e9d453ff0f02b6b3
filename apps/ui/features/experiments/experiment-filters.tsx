'use client';
/** Which experiments the list shows: kind, state and model, kept in the address. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { FilterBar, FilterChoice } from '../../components/filter-choice.tsx';
import { ExperimentFilterChoicesDocument } from '../../graphql/graphql.ts';
import { kindNames, statusNames } from './kinds.ts';

export function ExperimentFilters() {
  const { data } = useGraphqlQuery(ExperimentFilterChoicesDocument, {});
  const models = Object.fromEntries((data?.models ?? []).map(({ slug, name }) => [slug, name]));
  return (
    <FilterBar label="Filter experiments">
      <FilterChoice name="kind" label="Kind" choices={kindNames} />
      <FilterChoice name="status" label="Status" choices={statusNames} />
      <FilterChoice name="model" label="Model" choices={models} />
    </FilterBar>
  );
}
