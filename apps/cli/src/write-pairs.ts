/** Pairs to a file, in the format of its name; under a temporary name first, so that nobody reads half a file. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { formatPairs, pairFormatOf, PairFileError, type PairSpec } from '@demur/interp';

/** Throws `PairFileError` where the file cannot be written, with nothing left behind. */
export async function writePairs(file: string, pairs: readonly PairSpec[]): Promise<void> {
  const text = formatPairs(pairs, pairFormatOf(file));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    const { message } = cause as Error;
    throw new PairFileError(file, `cannot be written: ${message}; choose another file`, cause);
  }
}
