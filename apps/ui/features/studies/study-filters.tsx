'use client';
/** Which studies the list shows: which study, state and model, kept in the address. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { FilterBar, FilterChoice } from '../../components/filter-choice.tsx';
import { StudyFilterChoicesDocument } from '../../graphql/graphql.ts';
import { statusNames } from '../experiments/kinds.ts';

export function StudyFilters() {
  const { data } = useGraphqlQuery(StudyFilterChoicesDocument, {});
  const kinds = Object.fromEntries((data?.studyKinds ?? []).map(({ name, title }) => [name, title]));
  const models = Object.fromEntries((data?.models ?? []).map(({ slug, name }) => [slug, name]));
  return (
    <FilterBar label="Filter studies">
      <FilterChoice name="name" label="Study" choices={kinds} />
      <FilterChoice name="status" label="Status" choices={statusNames} />
      <FilterChoice name="model" label="Model" choices={models} />
    </FilterBar>
  );
}
