'use client';
/** The list of experiments, a page at a time, newest first. */
import Link from 'next/link';
import { useUrlState } from '../../client/use-url-state.ts';
import { EmptyState } from '../../components/notice.tsx';
import { ExperimentListDocument } from '../../graphql/graphql.ts';
import { experimentFilter } from './experiment-filter.ts';
import { ExperimentRow } from './experiment-row.tsx';
import { RunList } from './run-list.tsx';

export function ExperimentList() {
  const { params } = useUrlState();
  return (
    <RunList
      one="experiment"
      many="experiments"
      document={ExperimentListDocument}
      filter={experimentFilter(params)}
      pageOf={({ experiments }) => experiments}
      row={(experiment) => <ExperimentRow key={experiment.id} experiment={experiment} />}
      nothingYet={<NothingYet />}
    />
  );
}

function NothingYet() {
  return (
    <EmptyState title="Nothing has run yet">
      <p>
        A good first experiment: patch the residual stream of a harmful prompt into its harmless twin, layer by layer
        and token by token, and see where the model decides to refuse.
      </p>
      <Link href="/experiments/new" className="button primary">
        Set up the first experiment
      </Link>
      <p>
        Or <Link href="/studies/new">start a study</Link>: a few experiments with a report of what they found.
      </p>
    </EmptyState>
  );
}
