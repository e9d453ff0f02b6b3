import { readFile } from 'node:fs/promises';

/** What a step of the gate came to. `skipped` names each skipped test; `output` is there when it failed. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: string[];
  output?: string;
}

/** The part of vitest's JSON report that is read: a file's own `status` is failed, too, when it does not load. */
interface Report {
  testResults: { status: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** Counts the tests of a report that vitest wrote as JSON; a file that failed without a failed test counts as one. */
export async function readVitestReport(path: string): Promise<Outcome> {
  const { testResults } = JSON.parse(await readFile(path, 'utf8')) as Report;
  const tests = testResults.flatMap((file) => file.assertionResults);
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const skipped = tests.filter((test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status));
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length,
    skipped: skipped.map((test) => test.fullName.trim()),
  };
}
