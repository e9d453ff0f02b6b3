/** The frame of every page: theme before the first paint, navigation, providers. */
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { Navigation } from '../components/navigation.tsx';
import { Providers } from '../components/providers.tsx';
import { themeScript } from '../components/theme.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'demur', template: '%s · demur' },
  description: 'Find, query and look at the circuits behind refusal in language models.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body>
        <a className="skip-link" href="#main">
          Skip to content
        </a>
        <Providers>
          <Navigation />
          <main id="main" tabIndex={-1}>
            {children}
          </main>
        </Providers>
      </body>
    </html>
  );
}
