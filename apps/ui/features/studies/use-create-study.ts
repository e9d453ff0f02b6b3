'use client';
/** Asks for a study, and goes to its page. */
import { useMutation, type UseMutationResult } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { execute } from '../../client/execute.ts';
import { CreateStudyDocument, type CreateStudyInput, type CreateStudyMutation } from '../../graphql/graphql.ts';

export function useCreateStudy(): UseMutationResult<CreateStudyMutation, Error, CreateStudyInput> {
  const router = useRouter();
  return useMutation({
    mutationFn: (input: CreateStudyInput) => execute(CreateStudyDocument, { variables: { input } }),
    onSuccess: ({ createStudy }) => router.push(`/studies/${createStudy.id}`),
  });
}
