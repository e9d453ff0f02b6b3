/** `demur data lint`: what is wrong, or doubtful, with the pairs of a file on a model. */
import { lintPairs, readPairs, tokenizerOf } from '@demur/interp';
import { openModelSource, resolveModel } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { interruption } from './run.ts';

/** Prints a line a finding to stdout, mistakes first; the exit code is 1 where a pair cannot run. */
export async function dataLint(file: string, { model }: { model: string }): Promise<number> {
  try {
    const pairs = await readPairs(file);
    const source = await openModelSource(await resolveModel(model, { signal: interruption() }));
    const { errors, warnings } = lintPairs(pairs, { config: source.config, tokenizer: await tokenizerOf(source) });
    for (const error of errors) console.log(`error: ${error.message}`);
    for (const warning of warnings) console.log(`warning: ${warning}`);
    const counts = [`${pairs.length} pairs`, `${errors.length} errors`, `${warnings.length} warnings`];
    console.log(`${counts.join(', ')} in ${file}`);
    return errors.length === 0 ? 0 : 1;
  } catch (error) {
    return exitCodeOf(error);
  }
}
