import Link from 'next/link';
import { EmptyState } from '../components/notice.tsx';

export default function NotFound() {
  return (
    <EmptyState title="There is no such page">
      <p>
        The address may be of another server, or be mistyped. <Link href="/">Go to the experiments</Link>.
      </p>
    </EmptyState>
  );
}
