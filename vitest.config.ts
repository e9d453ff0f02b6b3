import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 240_000, pool: 'forks', maxWorkers: 2 },
});
