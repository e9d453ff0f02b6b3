/** `demur data convert`: pairs from one format to another. */
import { pairFormatOf, readPairs } from '@demur/interp';
import { exitCodeOf } from './exit-code.ts';
import { writePairs } from './write-pairs.ts';

export async function dataConvert(from: string, to: string): Promise<number> {
  try {
    pairFormatOf(to);
    await writePairs(to, await readPairs(from));
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}
