/**
 * The direction of imports is enforced: a violation planted in a copy of the workspace makes the lint step fail and
 * name the rule. A copy, because the real tree is being tested at the same time.
 */
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../scripts/run-command.ts';

const root = resolve(import.meta.dirname, '..', '..');
const copied = [
  'package.json',
  'package-lock.json',
  'nx.json',
  'eslint.config.js',
  'tsconfig.base.json',
  'libs',
  'apps',
];
const notCopied = ['node_modules', '.next'];
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'demur-boundaries-'));
  const filter = (path: string) => !notCopied.includes(basename(path));
  for (const name of copied) await cp(join(root, name), join(copy, name), { recursive: true, filter });
  await linkPackages();
});

afterAll(() => rm(copy, { recursive: true, force: true }));

/** Every package as a link, but for our own: theirs are links to `../../libs/…`, and must stay within the copy. */
async function linkPackages(): Promise<void> {
  const [from, to] = [join(root, 'node_modules'), join(copy, 'node_modules')];
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name === '@demur') await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else await symlink(join(from, name), join(to, name));
  }
}

/** Runs the lint step of the gate on some projects of the copy. */
function lint(names: string[]) {
  const env = { NX_DAEMON: 'false', NO_COLOR: '1', FORCE_COLOR: undefined, NX_WORKSPACE_ROOT_PATH: undefined };
  const args = ['run-many', '-t', 'lint', '-p', names.join(',')];
  return runCommand(join(root, 'node_modules', '.bin', 'nx'), args, { cwd: copy, env });
}

async function plant(folder: string, line: string): Promise<void> {
  await writeFile(join(copy, folder, 'planted.ts'), `${line}\nexport const planted = 1;\n`);
}

const projects = ['@demur/db', '@demur/model', '@demur/ui'];

test('lint passes on the projects as they are', async () => {
  const { code, output } = await lint(projects);
  expect(output).not.toContain('enforce-module-boundaries');
  expect(code, output).toBe(0);
});

test('db and the pages must not import model, model must not import interp', async () => {
  await plant('libs/db/src', `import '@demur/model';`);
  await plant('libs/model/src', `import '@demur/interp';`);
  await plant('apps/ui', `import '@demur/model';`);
  const { code, output } = await lint(projects);
  expect(code).not.toBe(0);
  for (const folder of ['libs/db/src', 'libs/model/src', 'apps/ui']) {
    const [, complaint = ''] = output.split(`${folder}/planted.ts`);
    expect(complaint.split('planted.ts')[0], output).toContain('@nx/enforce-module-boundaries');
  }
});
