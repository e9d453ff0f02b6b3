/**
 * Stages TensorFlow's C library for @tensorflow/tfjs-node-gpu: the library and its headers out of TensorFlow's own
 * wheel, and the package's addon compiled against them. The package's install script would fetch a library of 2022.
 *
 * Layout in the cache folder, kept over `npm ci`:
 *   tensorflow/<version>-<platform>[-cuda]/lib, include      the wheel's files
 *   tensorflow/<version>-<platform>-cuda/nvidia              NVIDIA's libraries, of their own wheels
 *   tensorflow/<version>-<platform>[-cuda]/tfjs_binding-<package version>.node
 * In the package: deps/lib and deps/nvidia link to those folders, lib/napi-v8/tfjs_binding.node is a copy of the addon.
 * TensorFlow's library finds NVIDIA's by its own run path, $ORIGIN/../nvidia/<library>/lib.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { cudaCompiler, cudaMembers, cudaWheels } from './cuda-wheels.ts';
import { runCommand } from './run-command.ts';
import { SetupError } from './setup-error.ts';
import { unpackWheel, type WheelSource } from './wheel.ts';

export const tensorflowVersion = '2.21.0';

/** For the CPU alone, or with CUDA's kernels: the latter runs on the CPU too where there is no GPU. */
export type Variant = 'cpu' | 'cuda';

const pythonTag = ['--python-version', '3.11', '--implementation', 'cp'];
const pipArguments = [...pythonTag, '--platform', 'manylinux_2_27_x86_64'];
const wheels: Record<string, Record<Variant, WheelSource>> = {
  'linux-x64': {
    cpu: {
      requirement: `tensorflow-cpu==${tensorflowVersion}`,
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      pipArguments,
    },
    cuda: {
      requirement: `tensorflow==${tensorflowVersion}`,
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      pipArguments,
    },
  },
};

/** What comes over the network, for people. */
const sizes: Record<Variant, string> = { cpu: '274 MB', cuda: '572 MB, and 2.8 GB of NVIDIA’s libraries' };

/** What the addon includes and links; the rest of the wheel (Python, Eigen, MLIR) stays in it. */
const wheelMembers = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
];

/** The names that the linker and tfjs-node look for, and the wheel's files behind them. */
const libraryLinks = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
};

export type Log = (line: string) => void;

const platform = `${process.platform}-${process.arch}`;

/** Which variant's library and addon are in node_modules; does not load them. */
export function stagedVariant(): Variant | undefined {
  const folder = packageFolder();
  if (folder === undefined) return undefined;
  if (!existsSync(addonPath(folder)) || !existsSync(join(folder, 'deps', 'lib', 'libtensorflow.so'))) return undefined;
  return existsSync(join(folder, 'deps', 'nvidia')) ? 'cuda' : 'cpu';
}

/** CUDA's where it has been fetched before, so that `npm ci` does not take the GPU away. */
export function usualVariant(): Variant {
  return existsSync(stagedFolder('cuda')) ? 'cuda' : 'cpu';
}

/** Stages the library and the addon; what is in the cache already is only linked. Throws SetupError. */
export async function stageTensorflow(variant: Variant, log: Log): Promise<void> {
  const wheel = wheels[platform]?.[variant];
  const folder = packageFolder();
  if (wheel === undefined) throw new SetupError(`TensorFlow is not staged on ${platform}; only on linux-x64 so far.`);
  if (folder === undefined) throw new SetupError('@tensorflow/tfjs-node-gpu is not installed: run `npm ci` first.');
  const staged = stagedFolder(variant);
  await fetchLibrary(wheel, { variant, staged, log });
  await linkLibrary(staged, folder);
  await placeAddon(staged, folder, log);
}

function stagedFolder(variant: Variant): string {
  const suffix = variant === 'cpu' ? '' : `-${variant}`;
  return join(cacheFolder(), 'tensorflow', `${tensorflowVersion}-${platform}${suffix}`);
}

async function fetchLibrary(
  wheel: WheelSource,
  { variant, staged, log }: { variant: Variant; staged: string; log: Log },
): Promise<void> {
  if (existsSync(staged)) return;
  log(`Fetching the C library of TensorFlow ${tensorflowVersion} (${sizes[variant]}, once) …`);
  await mkdir(dirname(staged), { recursive: true });
  const folder = await mkdtemp(join(dirname(staged), '.new-'));
  try {
    await unpackWheel(wheel, wheelMembers, folder);
    await arrangeLibrary(join(folder, 'tensorflow'));
    if (variant === 'cuda') await fetchCuda(join(folder, 'tensorflow'), log);
    await rename(join(folder, 'tensorflow'), staged).catch((error: unknown) => {
      if (!existsSync(staged)) throw error; // another process was faster: its files are the same
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function arrangeLibrary(folder: string): Promise<void> {
  await mkdir(join(folder, 'lib'));
  for (const [link, file] of Object.entries(libraryLinks)) {
    await rename(join(folder, file), join(folder, 'lib', file));
    await symlink(file, join(folder, 'lib', link));
  }
}

async function fetchCuda(folder: string, log: Log): Promise<void> {
  for (const wheel of cudaWheels) {
    log(`Fetching ${wheel.requirement} …`);
    await unpackWheel(wheel, [...cudaMembers, ...cudaCompiler], folder);
  }
  await chmod(join(folder, 'nvidia', 'cuda_nvcc', 'bin', 'ptxas'), 0o755);
}

async function linkLibrary(staged: string, folder: string): Promise<void> {
  await rm(join(folder, 'deps'), { recursive: true, force: true });
  await mkdir(join(folder, 'deps'), { recursive: true });
  for (const name of ['lib', 'nvidia'])
    if (existsSync(join(staged, name))) await symlink(join(staged, name), join(folder, 'deps', name));
}

async function placeAddon(staged: string, folder: string, log: Log): Promise<void> {
  const built = join(staged, `tfjs_binding-${packageVersion(folder)}.node`);
  if (!existsSync(built)) {
    log('Building the TensorFlow addon …');
    await buildAddon(staged, folder, built);
  }
  await mkdir(dirname(addonPath(folder)), { recursive: true });
  await copyFile(built, addonPath(folder));
}

/**
 * Compiles the package's two C++ files, as its binding.gyp does. node-gyp is not needed for that, and so neither its
 * download of headers: they come with the Node that runs this.
 */
async function buildAddon(staged: string, folder: string, target: string): Promise<void> {
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name));
  const includes = [nodeHeaders(), join(staged, 'include')].flatMap((path) => ['-I', path]);
  const unfinished = `${target}.${process.pid}`;
  const result = await runCommand(process.env['CXX'] ?? 'c++', [
    ...['-std=gnu++17', '-O2', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[...includes, ...sources, '-o', unfinished],
    ...['-L', join(staged, 'lib'), '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
  ]);
  if (result.code === null) {
    throw new SetupError(`No C++ compiler was found (${result.output}); on Debian: apt-get install g++.`);
  }
  if (result.code !== 0) throw new SetupError(`The TensorFlow addon did not compile:\n${result.output.trim()}`);
  await rename(unfinished, target);
}

function nodeHeaders(): string {
  const pinned = resolve(import.meta.dirname, '..', 'node_modules', `node-${process.platform}-${process.arch}`);
  const folders = [resolve(dirname(process.execPath), '..'), pinned].map((path) => join(path, 'include', 'node'));
  const found = folders.find((path) => existsSync(join(path, 'node_api.h')));
  if (found === undefined) throw new SetupError(`Node's headers (node_api.h) are in none of ${folders.join(', ')}.`);
  return found;
}

function addonPath(folder: string): string {
  return join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
}

function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return undefined;
  }
}

function packageVersion(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
