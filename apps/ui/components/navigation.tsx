'use client';
/** The bar at the top: where one is, where one can go. */
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { ThemeToggle } from './theme-toggle.tsx';
import styles from './navigation.module.css';

const places = [
  { href: '/', label: 'Experiments', here: /^\/($|experiments|circuits)/ },
  { href: '/studies', label: 'Studies', here: /^\/studies/ },
  { href: '/models', label: 'Models', here: /^\/models/ },
  { href: '/data-sets', label: 'Data sets', here: /^\/data-sets/ },
];

export function Navigation() {
  const pathname = usePathname();
  return (
    <header className={styles.bar}>
      <Link href="/" className={styles.brand} aria-label="demur, home">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path d="M8.2 2h7.6L22 8.2v7.6L15.8 22H8.2L2 15.8V8.2z" fill="var(--accent)" />
          <path d="M7.5 12h9" stroke="var(--surface)" strokeWidth="2.6" strokeLinecap="round" />
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
