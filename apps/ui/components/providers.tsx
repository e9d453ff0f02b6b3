'use client';
/** The cache of answers, shared by all pages. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../client/api-error.ts';

/** A sentence from the server will not change by asking again; a lost connection may. */
const worthRetrying = (failures: number, error: Error): boolean => failures < 2 && !(error instanceof ApiError);

const makeClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: { queries: { staleTime: 5_000, retry: worthRetrying, refetchOnWindowFocus: true } },
  });

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
