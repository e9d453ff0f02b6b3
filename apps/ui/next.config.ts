/** How Next.js builds the app. The API process mounts the result (`next({ dev: false, dir })`), so there is no server of its own here. */
import type { NextConfig } from 'next';
import { join } from 'node:path';

process.env.NEXT_TELEMETRY_DISABLED = '1';

const repositoryRoot = join(import.meta.dirname, '../..');

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  typescript: { ignoreBuildErrors: true }, // `npm run typecheck` checks types; the build does not do it twice
  transpilePackages: ['@demur/charts'],
  images: { unoptimized: true },
  outputFileTracingRoot: repositoryRoot,
  turbopack: { root: repositoryRoot },
};

export default config;
