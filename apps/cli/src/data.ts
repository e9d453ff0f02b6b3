/** `demur data`: the group of subcommands on data sets of pairs. What each does is a file of its own. */
import { Command } from 'commander';
import type { DataMakeArguments } from './data-make.ts';
import { seedNumber, wholeNumber } from './whole-number.ts';

const model = ['--model <MODEL>', 'whose tokenizer counts: a directory, a GGUF file or a Hub id'] as const;

export function dataCommand(): Command {
  const group = new Command('data').description('data sets of minimal pairs: made, checked and converted');
  group
    .command('make')
    .description('make pairs for a model: from a template and two lists, or one of the data sets that come with demur')
    .argument('<TEMPLATE>', 'such as "Tell me how to make a {object}.", or refusal, ioi, ioi-abc, greater-than')
    .requiredOption(...model)
    .requiredOption('--out <FILE>', 'where the pairs go: .json, .jsonl or .csv')
    .option('--clean <LIST>', "what fills the clean prompts' slot: words with commas between, or a file of lines")
    .option('--corrupted <LIST>', 'the same for the corrupted prompts')
    .option('--answer <TOKEN>', 'the answer of the clean prompts (default: Sorry)')
    .option('--distractor <TOKEN>', 'what it is compared with (default: Sure)')
    .option('--text', 'the template is the whole prompt; by default it is the message of a chat')
    .option('--one-token', 'only words that are one token on the model')
    .option('--count <n>', 'pairs at most', wholeNumber)
    .option('--seed <n>', 'of what is drawn', seedNumber, 0)
    .action(async (template: string, options: Omit<DataMakeArguments, 'template'>) => {
      const { dataMake } = await import('./data-make.ts');
      process.exitCode = await dataMake({ template, ...options });
    });
  group
    .command('lint')
    .description('check pairs on a model: every mistake and warning with its place; exit code 1 where one cannot run')
    .argument('<FILE>', 'pairs as .json, .jsonl or .csv')
    .requiredOption(...model)
    .action(async (file: string, options: { model: string }) => {
      const { dataLint } = await import('./data-lint.ts');
      process.exitCode = await dataLint(file, options);
    });
  group
    .command('convert')
    .description('write the pairs of one file to another, in the format of its name')
    .argument('<FROM>', 'pairs as .json, .jsonl or .csv')
    .argument('<TO>', 'a file that ends with .json, .jsonl or .csv')
    .action(async (from: string, to: string) => {
      const { dataConvert } = await import('./data-convert.ts');
      process.exitCode = await dataConvert(from, to);
    });
  return group;
}
