/** The `demur` command: its subcommands, each a file of its own, and how it ends. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { circuitCommand } from './circuit.ts';
import { dataCommand } from './data.ts';
import { withEngineOptions } from './engine-options.ts';
import { exitCodeOf } from './exit-code.ts';
import { modelCommand } from './model.ts';
import { folder } from './folder.ts';
import { seedNumber } from './whole-number.ts';
import type { EstimateArguments } from './estimate.ts';
import type { RunArguments } from './run.ts';
import type { StudyArguments } from './study.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('demur')
  .description('A research platform for the circuits behind refusal in language models')
  .version(version);

withEngineOptions(program.command('run'))
  .description(
    'run an experiment, of the kind that its specification names: writes DIR/result.json and DIR/arrays.safetensors',
  )
  .argument('<SPEC.json>', 'the experiment specification; - reads it from standard input')
  .requiredOption('--out <DIR>', 'folder for the result; made if it does not exist', folder)
  .option('--fresh', 'start over, instead of going on from the shards that a stopped run has kept in DIR/unfinished')
  .action(async (spec: string, options: Omit<RunArguments, 'spec'>) => {
    const { run } = await import('./run.ts');
    process.exitCode = await run({ spec, ...options });
  });

withEngineOptions(program.command('estimate'))
  .description(
    'tell what an experiment will take before it runs: seconds, memory, tokens; runs nothing but a second of measuring',
  )
  .argument('<SPEC.json>', 'the experiment specification; - reads it from standard input')
  .option('--json', 'print it as JSON')
  .action(async (spec: string, options: Omit<EstimateArguments, 'spec'>) => {
    const { estimate } = await import('./estimate.ts');
    process.exitCode = await estimate({ spec, ...options });
  });

withEngineOptions(program.command('study'))
  .description(
    'run a study, which is a few experiments and what they say together: writes DIR/report.html, DIR/report.json and DIR/steps; stopped, the same command goes on',
  )
  .argument('[NAME]', 'which study; without a name, all are listed with what they ask')
  .option('--out <DIR>', 'folder for the report; made if it does not exist', folder)
  .option('--model <MODEL>', 'a directory, a GGUF file or a Hub id (default: the model organism that comes with demur)')
  .option('--data <DATA>', 'the name of a data set that comes with demur, or a file of pairs', 'refusal')
  .option('--seed <n>', 'of everything that is drawn', seedNumber, 0)
  .option('--even-if-mixed', 'go on also where the metric hardly tells the two groups of prompts apart')
  .action(async (name: string | undefined, options: Omit<StudyArguments, 'name'>) => {
    const { study } = await import('./study.ts');
    process.exitCode = await study({ name, ...options });
  });

program.addCommand(modelCommand());
program.addCommand(dataCommand());
program.addCommand(circuitCommand());

program
  .command('doctor')
  .description('tell which backends run on this machine, and why')
  .action(async () => {
    const { doctor } = await import('./doctor.ts');
    process.exitCode = await doctor();
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
