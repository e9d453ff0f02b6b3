'use client';
/** The list of studies, a page at a time, newest first. */
import Link from 'next/link';
import { useUrlState } from '../../client/use-url-state.ts';
import { EmptyState } from '../../components/notice.tsx';
import { StudyListDocument } from '../../graphql/graphql.ts';
import { RunList } from '../experiments/run-list.tsx';
import { studyFilter } from './study-filter.ts';
import { StudyRow } from './study-row.tsx';

export function StudyList() {
  const { params } = useUrlState();
  return (
    <RunList
      one="study"
      many="studies"
      document={StudyListDocument}
      filter={studyFilter(params)}
      pageOf={({ studies }) => studies}
      row={(study) => <StudyRow key={study.id} study={study} />}
      nothingYet={<NothingYet />}
    />
  );
}

function NothingYet() {
  return (
    <EmptyState title="No study has been asked for yet">
      <p>
        A study asks one question about refusal, runs the experiments that answer it, and writes a report from their
        numbers. <em>By layer and token</em> takes seconds on a small model.
      </p>
      <Link href="/studies/new" className="button primary">
        Start the first study
      </Link>
    </EmptyState>
  );
}
