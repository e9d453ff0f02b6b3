/** The options of every command that opens an engine. They are read where it is opened, by run.ts. */
import { backendNames } from '@demur/model';
import { Option, type Command } from 'commander';
import { wholeNumber } from './whole-number.ts';

const MEMORY =
  'what the engine may take, such as 8GB: weights that do not fit are streamed (default: 3/4 of what is free)';

/** Adds `--backend`, `--workers` and `--memory`, the last also as DEMUR_MEMORY. */
export function withEngineOptions(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'what computes').choices(['auto', ...backendNames]).default('auto'))
    .option('--workers <n>', 'worker threads, one core each (default: one a core)', wholeNumber)
    .addOption(new Option('--memory <size>', MEMORY).env('DEMUR_MEMORY'));
}
