/** The `demur` command: its subcommands, each a file of its own, and how it ends. */
import { readFileSync } from 'node:fs';
import { backendNames } from '@demur/model';
import { Command, Option } from 'commander';
import { circuitCommand } from './circuit.ts';
import { dataCommand } from './data.ts';
import { exitCodeOf } from './exit-code.ts';
import { modelCommand } from './model.ts';
import { memoryOption } from './memory-option.ts';
import { wholeNumber } from './whole-number.ts';
import type { EstimateArguments } from './estimate.ts';
import type { RunArguments } from './run.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('demur')
  .description('A research platform for the circuits behind refusal in language models')
  .version(version);

program
  .command('run')
  .description(
    'run an experiment (activations, activation-patching, attribution, edge-patching, direction, steering or generation): writes DIR/result.json and DIR/arrays.safetensors',
  )
  .argument('<SPEC.json>', 'the experiment specification; - reads it from standard input')
  .requiredOption('--out <DIR>', 'folder for the result; made if it does not exist')
  .addOption(new Option('--backend <name>', 'what computes').choices(['auto', ...backendNames]).default('auto'))
  .option('--workers <n>', 'worker threads, one core each (default: one a core)', wholeNumber)
  .addOption(memoryOption())
  .option('--fresh', 'start over, instead of going on from the shards that a stopped run has kept in DIR/unfinished')
  .action(async (spec: string, options: Omit<RunArguments, 'spec'>) => {
    const { run } = await import('./run.ts');
    process.exitCode = await run({ spec, ...options });
  });

program
  .command('estimate')
  .description(
    'tell what an experiment will take before it runs: seconds, memory, tokens; runs nothing but a second of measuring',
  )
  .argument('<SPEC.json>', 'the experiment specification; - reads it from standard input')
  .addOption(new Option('--backend <name>', 'what computes').choices(['auto', ...backendNames]).default('auto'))
  .option('--workers <n>', 'worker threads, one core each (default: one a core)', wholeNumber)
  .addOption(memoryOption())
  .option('--json', 'print it as JSON')
  .action(async (spec: string, options: Omit<EstimateArguments, 'spec'>) => {
    const { estimate } = await import('./estimate.ts');
    process.exitCode = await estimate({ spec, ...options });
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
