/**
 * `npm run setup` and the wheels behind it: a file with another hash is refused, what cannot be had is one sentence and
 * exit code 1, and what is in the cache is staged again in moments.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder } from '../../scripts/cache-folder.ts';
import { runCommand } from '../../scripts/run-command.ts';
import { SetupError } from '../../scripts/setup-error.ts';
import { sha256 } from '../../scripts/sha256.ts';
import { unpackWheel } from '../../scripts/wheel.ts';

const root = resolve(import.meta.dirname, '..', '..');
const wheelName = 'demur_sample-1.0-py3-none-any.whl';
const staged = existsSync(join(cacheFolder(), 'tensorflow'));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demur-setup-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A wheel of two files, written by Python, in the test's folder. */
async function writeWheel(): Promise<string> {
  const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('sample/wanted.txt', 'wanted')
    wheel.writestr('sample/other.txt', 'other')
    wheel.writestr('demur_sample-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: demur-sample\\nVersion: 1.0\\n')
    wheel.writestr('demur_sample-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nTag: py3-none-any\\n')
    wheel.writestr('demur_sample-1.0.dist-info/RECORD', '')
`;
  const path = join(folder, wheelName);
  const { code, output } = await runCommand('python3', ['-c', program, path]);
  expect(code, output).toBe(0);
  return path;
}

const source = (hash: string) => ({
  requirement: 'demur-sample==1.0',
  sha256: hash,
  pipArguments: ['--no-index', '--find-links', folder],
});

test('a wheel with the expected hash is unpacked, only what was asked for', async () => {
  const hash = await sha256(await writeWheel());
  const target = join(folder, 'target');
  await unpackWheel(source(hash), ['sample/wanted'], target);
  expect(await readdir(target, { recursive: true })).toEqual(['sample', 'sample/wanted.txt']);
});

test('a wheel with another hash is refused, both hashes named, nothing left', async () => {
  const hash = await sha256(await writeWheel());
  const expected = '0'.repeat(64);
  const target = join(folder, 'target');
  const unpacking = unpackWheel(source(expected), ['sample/'], target);
  await expect(unpacking).rejects.toThrow(SetupError);
  await expect(unpacking).rejects.toThrow(new RegExp(`demur-sample==1.0.*${hash}.*${expected}`));
  expect(await readdir(target)).toEqual([]);
});

/** A workspace of the scripts and an installed, unbuilt tfjs-node-gpu; runs its `setup.ts`. */
async function runSetup(env: Record<string, string>, args: string[] = []) {
  const addonPackage = 'node_modules/@tensorflow/tfjs-node-gpu';
  await cp(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  await mkdir(join(folder, addonPackage), { recursive: true });
  for (const name of ['package.json', 'binding']) {
    await cp(join(root, addonPackage, name), join(folder, addonPackage, name), { recursive: true });
  }
  const headers = `node_modules/node-${process.platform}-${process.arch}`;
  if (existsSync(join(root, headers))) await symlink(join(root, headers), join(folder, headers));
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  const script = join(folder, 'scripts', 'setup.ts');
  const result = await runCommand(process.execPath, [script, ...args], { cwd: folder, env });
  return { ...result, addon: join(folder, addonPackage, 'lib', 'napi-v8', 'tfjs_binding.node') };
}

test.each([
  [[], 'tensorflow-cpu==2.21.0'],
  [['--cpu'], 'tensorflow-cpu==2.21.0'],
  [['--gpu'], 'tensorflow==2.21.0'],
])('without a package index, asked for %j, it exits with 1 and says what could not be fetched', async (args, wheel) => {
  const { code, output } = await runSetup({ DEMUR_CACHE: join(folder, 'cache'), PIP_NO_INDEX: '1' }, args);
  expect(code).toBe(1);
  expect(output).toContain(`pip could not fetch ${wheel}:`);
  expect(await readdir(join(folder, 'cache', 'tensorflow'))).toEqual([]);
});

test('refuses what it does not know, and fetches nothing', async () => {
  const { code, output } = await runSetup({ DEMUR_CACHE: join(folder, 'cache') }, ['--cuda']);
  expect(code).toBe(1);
  expect(output).toBe('Expected `npm run setup`, with `-- --gpu` or `-- --cpu` at most; got --cuda.\n');
  expect(existsSync(join(folder, 'cache'))).toBe(false);
});

test.skipIf(!staged)('from the cache it fetches and builds nothing (needs `npm run setup` once)', async () => {
  const { code, output, addon } = await runSetup({ DEMUR_CACHE: cacheFolder(), PIP_NO_INDEX: '1', CXX: '/bin/false' });
  expect(code, output).toBe(0);
  expect(existsSync(addon)).toBe(true);
});
