'use client';
import { ErrorNotice } from '../components/notice.tsx';

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <ErrorNotice error={error} retry={reset} />;
}
