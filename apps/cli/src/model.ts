/** `demur model`: the group of subcommands on one model. What each does is a file of its own. */
import { Command } from 'commander';
import { withEngineOptions } from './engine-options.ts';
import type { ModelCheckArguments } from './model-check.ts';

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
  withEngineOptions(group.command('check'))
    .description('check the engine on a model: against its reference files, and against itself')
    .argument('<MODEL>', 'what a spec calls the model: a directory, a GGUF file or a Hub id')
    .option('--reference <FILE>', 'a reference to compare with (default: demur-reference.safetensors beside the model)')
    .option('--json', 'print the outcome as JSON')
    .action(async (model: string, options: Omit<ModelCheckArguments, 'model'>) => {
      const { modelCheck } = await import('./model-check.ts');
      process.exitCode = await modelCheck({ model, ...options });
    });
  return group;
}
