/** `demur model`: the group of subcommands on one model. What each does is a file of its own. */
import { backendNames } from '@demur/model';
import { Command, Option } from 'commander';
import type { ModelCheckArguments } from './model-check.ts';
import { memoryOption } from './memory-option.ts';
import { wholeNumber } from './whole-number.ts';

export function modelCommand(): Command {
  const group = new Command('model').description('models on this machine and on the Hub');
  group
    .command('add')
    .description('download a model from the Hub, or look at one on this machine, and tell what it is')
    .argument('<MODEL>', 'owner/name, owner/name@revision, owner/name:file.gguf, or a path')
    .action(async (model: string) => {
      const { modelAdd } = await import('./model-add.ts');
      process.exitCode = await modelAdd(model);
    });
  group
    .command('check')
    .description('check the engine on a model: against its reference files, and against itself')
    .argument('<MODEL>', 'what a spec calls the model: a directory, a GGUF file or a Hub id')
    .option('--reference <FILE>', 'a reference to compare with (default: demur-reference.safetensors beside the model)')
    .addOption(
      new Option('--backend <name>', 'what computes').choices(['auto', ...backendNames]).default('auto' as const),
    )
    .option('--workers <n>', 'worker threads, one core each (default: one a core)', wholeNumber)
    .addOption(memoryOption())
    .option('--json', 'print the outcome as JSON')
    .action(async (model: string, options: Omit<ModelCheckArguments, 'model'>) => {
      const { modelCheck } = await import('./model-check.ts');
      process.exitCode = await modelCheck({ model, ...options });
    });
  return group;
}
