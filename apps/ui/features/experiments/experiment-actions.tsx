'use client';
/** Cancel, run again, download. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { execute } from '../../client/execute.ts';
import { DownloadLink } from '../../components/download-link.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { CancelExperimentDocument, RerunExperimentDocument, type ExperimentStatus } from '../../graphql/graphql.ts';
import { isActive } from './kinds.ts';

export function ExperimentActions({ id, status }: { id: string; status: ExperimentStatus }) {
  const cache = useQueryClient();
  const router = useRouter();
  const cancel = useMutation({
    mutationFn: () => execute(CancelExperimentDocument, { variables: { id } }),
    onSuccess: () => cache.invalidateQueries(),
  });
  const rerun = useMutation({
    mutationFn: () => execute(RerunExperimentDocument, { variables: { id } }),
    onSuccess: ({ rerunExperiment }) => router.push(`/experiments/${rerunExperiment.id}`),
  });
  const error = cancel.error ?? rerun.error;
  return (
    <>
      {isActive(status) ? (
        <button type="button" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
          Cancel
        </button>
      ) : (
        <button type="button" onClick={() => rerun.mutate()} disabled={rerun.isPending}>
          Run again
        </button>
      )}
      {status === 'SUCCEEDED' && (
        <DownloadLink href={`/export/experiments/${id}.safetensors`}>Download .safetensors</DownloadLink>
      )}
      {error && <ErrorNotice error={error} />}
    </>
  );
}
