/**
 * All tests, in one run of vitest, and what they came to group by group: a group is a folder of test/, told of when its last
 * file has ended. What vitest prints is kept for when something failed.
 */
import { relative, sep } from 'node:path';
import { Writable } from 'node:stream';
import { DefaultReporter, startVitest, type Reporter, type TestModule, type TestSpecification } from 'vitest/node';

/** What a step of the gate came to. `skipped` names each skipped test; `output` is there when it failed. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: string[];
  output?: string;
}

export interface Group extends Outcome {
  name: string;
  /** Of its files, one after the other. */
  seconds: number;
}

/** Runs every test, and tells of each group. What fails outside of all files, such as a worker, counts in the whole alone. */
export async function runTests(root: string, onGroup: (group: Group) => void): Promise<Outcome> {
  let output = '';
  const write = (text: Buffer, _: unknown, done: () => void): void => {
    output += text.toString();
    done();
  };
  // The output of every worker is piped into it, and would end it with the first one.
  const stream: Writable = Object.assign(new Writable({ write }), { end: () => stream });
  const groups = new GroupReporter(root, onGroup);
  const options = { root, run: true, watch: false, reporters: [new DefaultReporter({ isTTY: false }), groups] };
  await startVitest('test', [], options, {}, { stdout: stream, stderr: stream });
  const failed = process.exitCode === undefined ? groups.total.failed : Math.max(1, groups.total.failed);
  return failed === 0 ? groups.total : { ...groups.total, failed, output };
}

class GroupReporter implements Reporter {
  readonly total: Outcome = { passed: 0, failed: 0, skipped: [] };
  readonly #root: string;
  readonly #onGroup: (group: Group) => void;
  readonly #groups = new Map<string, Group & { filesLeft: number }>();

  constructor(root: string, onGroup: (group: Group) => void) {
    this.#root = root;
    this.#onGroup = onGroup;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    for (const { moduleId } of specifications) this.#groupOf(moduleId).filesLeft += 1;
  }

  onTestModuleEnd(module: TestModule): void {
    const group = this.#groupOf(module.moduleId);
    const tests = [...module.children.allTests()].map((test) => ({ name: test.fullName, ...test.result() }));
    const count = (state: string) => tests.filter((test) => test.state === state).length;
    group.passed += count('passed');
    // A file that fails outside of its tests, such as one that does not load, counts as one.
    group.failed += module.ok() ? 0 : Math.max(1, count('failed'));
    group.skipped.push(...tests.filter(({ state }) => state === 'skipped').map(({ name }) => name));
    const { prepareDuration, collectDuration, duration } = module.diagnostic();
    group.seconds += (prepareDuration + collectDuration + duration) / 1000;
    group.filesLeft -= 1;
    if (group.filesLeft === 0) this.#end(group);
  }

  onTestRunEnd(_: readonly TestModule[], errors: readonly unknown[]): void {
    // Files that were never heard of, because their worker crashed.
    for (const group of this.#groups.values())
      if (group.filesLeft > 0) this.#end({ ...group, failed: group.failed + group.filesLeft });
    this.total.failed += errors.length;
  }

  #end(group: Group): void {
    this.total.passed += group.passed;
    this.total.failed += group.failed;
    this.total.skipped.push(...group.skipped);
    this.#onGroup(group);
  }

  #groupOf(moduleId: string): Group & { filesLeft: number } {
    const [, name = ''] = relative(this.#root, moduleId).split(sep);
    const group = this.#groups.get(name) ?? { name, passed: 0, failed: 0, skipped: [], seconds: 0, filesLeft: 0 };
    this.#groups.set(name, group);
    return group;
  }
}
