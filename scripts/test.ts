/**
 * The gate, `npm test`: formatting, lint, types, unused code, then every test; a line a step, and as the last line
 * `N passed, N failed`, where each static step counts as one. Exits 1 unless nothing failed.
 * `--no-cache` does all of lint and types anew instead of what changed since the last time.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { aptInstall } from './apt-install.ts';
import { runCommand } from './run-command.ts';
import { trySetup } from './setup.ts';
import { stagedVariant } from './tensorflow.ts';
import { readVitestReport, type Outcome } from './vitest-report.ts';

interface Step {
  name: string;
  run(): Promise<Outcome>;
}

const root = resolve(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const cache = process.argv.includes('--no-cache') ? ['--skip-nx-cache'] : [];

/** The folders of test/ in the order of their dependence; a folder that is not named here comes last. */
const groupOrder = ['model', 'interp', 'golden', 'db', 'api', 'ui', 'cli', 'e2e'];

const staticSteps: Step[] = [
  staticStep('prettier', ['prettier', '--check', '--log-level', 'warn', '.']),
  staticStep('eslint', ['nx', 'run-many', '-t', 'lint', ...cache]),
  staticStep('types', ['nx', 'run-many', '-t', 'typecheck', ...cache]),
  staticStep('knip', ['knip']),
];

function staticStep(name: string, [program = '', ...args]: string[]): Step {
  return { name, run: () => runStatic(program, args) };
}

async function runStatic(program: string, args: string[]): Promise<Outcome> {
  const env = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NO_COLOR: '1', FORCE_COLOR: undefined };
  const { code, output } = await runCommand(join(bin, program), args, { cwd: root, env });
  return code === 0 ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [], output };
}

async function testSteps(): Promise<Step[]> {
  const groups = await testGroups();
  return groups.map((group) => ({ name: `tests of ${group}`, run: () => runGroup(group) }));
}

async function testGroups(): Promise<string[]> {
  const files = await readdir(join(root, 'test'), { recursive: true });
  const tests = files.filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'));
  const groups = [...new Set(tests.map((file) => file.split(/[\\/]/)[0] ?? ''))];
  const rank = (group: string) => (groupOrder.includes(group) ? groupOrder.indexOf(group) : groupOrder.length);
  return groups.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

async function runGroup(group: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'demur-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const env = { NO_COLOR: '1', FORCE_COLOR: undefined };
    const { code, output } = await runCommand(join(bin, 'vitest'), ['run', `test/${group}/`, ...reporters], {
      cwd: root,
      env,
    });
    const outcome = existsSync(report) ? await readVitestReport(report) : { passed: 0, failed: 0, skipped: [] };
    // An error outside of every test, such as a file that does not load or a worker that crashed, is a failure too.
    const failed = code === 0 ? outcome.failed : Math.max(1, outcome.failed);
    return { ...outcome, failed, output: failed === 0 ? undefined : output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runStep(step: Step): Promise<Outcome> {
  const start = performance.now();
  const outcome = await step.run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(7);
  const counts = `${outcome.passed} passed, ${outcome.failed} failed`;
  if (outcome.output !== undefined) console.log(outcome.output.trimEnd());
  console.log(`${outcome.failed === 0 ? 'ok  ' : 'FAIL'} ${step.name.padEnd(18)} ${seconds} s   ${counts}`);
  for (const skipped of outcome.skipped) console.log(`     skipped: ${skipped}`);
  return outcome;
}

/** TensorFlow, with a compiler for it where root can install one, as in CI. Without it the tests say what they skip. */
async function prepareEngine(log: (line: string) => void): Promise<void> {
  const compiler = stagedVariant() !== undefined || (await runCommand('c++', ['--version'])).code !== null;
  const missing = compiler ? undefined : await aptInstall('g++');
  if (missing !== undefined) log(missing);
  await trySetup(log);
}

function summary(outcomes: Outcome[]): string {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const skipped = sum((outcome) => outcome.skipped.length);
  const line = `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

await prepareEngine((line) => console.log(line));
const outcomes: Outcome[] = [];
for (const step of [...staticSteps, ...(await testSteps())]) outcomes.push(await runStep(step));
console.log(summary(outcomes));
process.exitCode = outcomes.some((outcome) => outcome.failed > 0) ? 1 : 0;
