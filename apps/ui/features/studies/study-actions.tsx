'use client';
/** Cancel, try again, download. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { execute } from '../../client/execute.ts';
import { DownloadLink } from '../../components/download-link.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { CancelStudyDocument, type CreateStudyInput, type ExperimentStatus } from '../../graphql/graphql.ts';
import { isActive } from '../experiments/kinds.ts';
import { useCreateStudy } from './use-create-study.ts';

interface StudyActionsProps {
  id: string;
  status: ExperimentStatus;
  /** What was asked for, to ask for it again. */
  asked: CreateStudyInput;
}

export function StudyActions({ id, status, asked }: StudyActionsProps) {
  const cache = useQueryClient();
  const create = useCreateStudy();
  const cancel = useMutation({
    mutationFn: () => execute(CancelStudyDocument, { variables: { id } }),
    onSuccess: () => cache.invalidateQueries(),
  });
  const error = cancel.error ?? create.error;
  return (
    <>
      {isActive(status) && (
        <button type="button" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
          Cancel
        </button>
      )}
      {(status === 'FAILED' || status === 'CANCELLED') && (
        <button type="button" onClick={() => create.mutate(asked)} disabled={create.isPending}>
          Try again
        </button>
      )}
      {status === 'SUCCEEDED' && (
        <>
          <DownloadLink href={`/export/studies/${id}.html`}>Download the page</DownloadLink>
          <DownloadLink href={`/export/studies/${id}.json`}>Download .json</DownloadLink>
        </>
      )}
      {error && <ErrorNotice error={error} />}
    </>
  );
}
