import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest begins first, so that no core waits at the end. */
const longestFirst = [
  'api/first-start',
  'ui/pages',
  'api/start',
  'api/resume',
  'interp/memory',
  'golden/smollm2',
  'interp/metrics',
  'cli/resume',
  'interp/invariance',
  'api/smollm2',
  'ui/findings',
  'db/open-database',
  'db/jobs',
  'interp/engine-memory',
  'cli/run',
  'train/interrupted-training',
  'golden/generation',
  'model/transformer',
  'ui/studies',
  'api/experiments',
  'api/circuits',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      longestFirst.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    const rank = (file: TestSpecification) => (place(file) < 0 ? longestFirst.length : place(file));
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // No test is about time: these end what hangs, on machines that may be slow and busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 100_000 } },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Node reads TypeScript itself, as it does for users.
    experimental: { viteModuleRunner: false },
  },
});
