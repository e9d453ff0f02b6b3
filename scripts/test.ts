/**
 * The gate, `npm test`: formatting, lint, types, unused code, then every test; a line a step, and as the last line
 * `N passed, N failed`, where each static step counts as one. Exits 1 unless nothing failed.
 * `--all` does all of lint and types anew instead of what changed since the last time, and tries more damaged models.
 */
import { join, resolve } from 'node:path';
import { aptInstall } from './apt-install.ts';
import { buildUi } from './build-ui.ts';
import { runCommand } from './run-command.ts';
import { trySetup } from './setup.ts';
import { stagedVariant } from './tensorflow.ts';
import { runTests, type Outcome } from './vitest-groups.ts';

const root = resolve(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const isAll = process.argv.includes('--all');

/** Run beside each other: alone, each leaves cores idle. */
const staticSteps = {
  prettier: ['prettier', '--check', '--log-level', 'warn', '.'],
  'eslint and types': ['nx', 'run-many', '-t', 'lint', 'typecheck', ...(isAll ? ['--skip-nx-cache'] : [])],
  knip: ['knip'],
};

async function runStatic([name, [program = '', ...args]]: [string, string[]]): Promise<Outcome> {
  const start = performance.now();
  const env = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true' };
  const { code, output } = await runCommand(join(bin, program), args, { cwd: root, env });
  const outcome: Outcome =
    code === 0 ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [], output };
  print(name, outcome, secondsSince(start));
  return outcome;
}

/** A line for each folder of test/, with the seconds of its files, two of which run at a time; then one for them together. */
async function runAllTests(): Promise<Outcome> {
  const start = performance.now();
  const outcome = await runTests(root, (group) => print(`tests of ${group.name}`, group, group.seconds));
  print('all tests', { ...outcome, skipped: [] }, secondsSince(start));
  return outcome;
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** A step's line, after what it printed if it failed. */
function print(name: string, { passed, failed, skipped, output }: Outcome, seconds: number): void {
  if (output !== undefined) console.log(output.trimEnd());
  const step = `${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(18)} ${seconds.toFixed(1).padStart(7)} s`;
  console.log(`${step}   ${passed} passed, ${failed} failed`);
  for (const test of skipped) console.log(`     skipped: ${test}`);
}

/** TensorFlow, with a compiler for it where root can install one, as in CI. Without it the tests say what they skip. */
async function prepareEngine(log: (line: string) => void): Promise<void> {
  const compiler = stagedVariant() !== undefined || (await runCommand('c++', ['--version'])).code !== null;
  const missing = compiler ? undefined : await aptInstall('g++');
  if (missing !== undefined) log(missing);
  await trySetup(log);
}

/** The pages, which many tests need: here nothing waits for them. If they cannot be built, those tests say so. */
async function prepareUi(log: (line: string) => void): Promise<void> {
  await buildUi(log).catch((error: unknown) => log(String(error)));
}

function summary(outcomes: Outcome[]): string {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const skipped = sum((outcome) => outcome.skipped.length);
  const line = `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

// Tests compare what programs print; Node warns of both variables together.
process.env['NO_COLOR'] = '1';
delete process.env['FORCE_COLOR'];
if (isAll) process.env['DEMUR_FUZZ_COUNT'] ??= '10000';
const log = (line: string): void => console.log(line);
await prepareEngine(log);
const [, ...statics] = await Promise.all([prepareUi(log), ...Object.entries(staticSteps).map(runStatic)]);
const outcomes = [...statics, await runAllTests()];
console.log(summary(outcomes));
process.exitCode = outcomes.some((outcome) => outcome.failed > 0) ? 1 : 0;
