'use client';
/** The bar at the top: where one is, where one can go. */
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { ThemeToggle } from './theme-toggle.tsx';
import styles from './navigation.module.css';

const places = [
  { href: '/', label: 'Experiments', here: /^\/($|experiments|circuits)/ },
  { href: '/models', label: 'Models', here: /^\/models/ },
  { href: '/data-sets', label: 'Data sets', here: /^\/data-sets/ },
];

export function Navigation() {
  const pathname = usePathname();
  return (
    <header className={styles.bar}>
      <Link href="/" className={styles.brand} aria-label="demur, home">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <rect x="2" y="2" width="20" height="20" rx="6" fill="var(--accent)" />
          <path d="M7 12h10M12 7v3M12 14v3" stroke="var(--surface)" strokeWidth="2.2" strokeLinecap="round" />
        </svg>
        demur
      </Link>
      <nav aria-label="Main" className={styles.places}>
        {places.map(({ href, label, here }) => (
          <Link key={href} href={href} aria-current={here.test(pathname) ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <a className={styles.graphql} href="/graphql">
        GraphQL
      </a>
      <ThemeToggle />
    </header>
  );
}
