/**
 * The direction of imports is enforced: a violation planted in a copy of the workspace makes the lint step fail and
 * name the rule. That imports in the right direction pass is shown by the lint step of the gate. The copy has the real settings
 * and manifests, and of the sources one file a project.
 */
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../scripts/run-command.ts';

const root = resolve(import.meta.dirname, '..', '..');
const settings = ['package.json', 'package-lock.json', 'nx.json', 'eslint.config.js', 'tsconfig.base.json'];
const manifests = ['package.json', 'project.json', 'tsconfig.json'];
const sources: Record<string, string> = {
  'libs/model': 'libs/model/src/index.ts',
  'libs/interp': 'libs/interp/src/index.ts',
  'libs/db': 'libs/db/src/index.ts',
  'apps/ui': 'apps/ui/page.ts',
};
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'demur-boundaries-'));
  for (const name of settings) await cp(join(root, name), join(copy, name));
  for (const folder of Object.keys(sources)) {
    for (const name of manifests) await cp(join(root, folder, name), join(copy, folder, name));
  }
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

/** Gives each project its one file, which imports what is named, and runs the lint step of the gate. */
async function lint(imports: Record<string, string>) {
  for (const [folder, file] of Object.entries(sources)) {
    const lines = [
      imports[folder] === undefined ? '' : `import '${imports[folder]}';`,
      'export const planted = 1;',
      '',
    ];
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), lines.join('\n'));
  }
  const env = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_WORKSPACE_ROOT_PATH: undefined };
  const nx = join(root, 'node_modules', '.bin', 'nx');
  return runCommand(nx, ['run-many', '-t', 'lint'], { cwd: copy, env });
}

test('db and the pages must not import model, model must not import interp', async () => {
  const { code, output } = await lint({
    'libs/db': '@demur/model',
    'libs/model': '@demur/interp',
    'apps/ui': '@demur/model',
  });
  expect(code).not.toBe(0);
  for (const folder of ['libs/db', 'libs/model', 'apps/ui']) {
    const [, complaint = ''] = output.split(`${basename(copy)}/${sources[folder]!}`);
    expect(complaint.split('problem')[0], output).toContain('@nx/enforce-module-boundaries');
  }
});
