import { Option } from 'commander';

/** `--memory 8GB`, or DEMUR_MEMORY: the budget of the engine. Read where the engine is opened. */
export function memoryOption(): Option {
  const meaning =
    'what the engine may take, such as 8GB: weights that do not fit are streamed (default: 3/4 of what is free)';
  return new Option('--memory <size>', meaning).env('DEMUR_MEMORY');
}
