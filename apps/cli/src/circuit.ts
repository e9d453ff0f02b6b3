/** `demur circuit`: the group of subcommands on circuits in files. What each does is a file of its own. */
import { circuitFormats } from '@demur/interp';
import { Command, Option } from 'commander';
import type { ConvertArguments } from './circuit-convert.ts';
import { wholeNumber } from './whole-number.ts';

const formats = [...Object.keys(circuitFormats), 'mib-scores', 'mib-circuits'];

export function circuitCommand(): Command {
  const group = new Command('circuit').description('circuits in the formats of the field');
  group
    .command('convert')
    .description('write a circuit in another format, or over the other kind of graph')
    .argument(
      '<IN>',
      'EAP-IG .json, its .pt as .safetensors, attribution-graph .json, .ndjson, .csv, or a folder of demur run',
    )
    .argument('<OUT>', 'the file to write; of a MIB submission its folder')
    .addOption(new Option('--to <FORMAT>', 'the format (default: what OUT ends with)').choices(formats))
    .addOption(new Option('--kv-heads <KIND>', 'the graph to convert to').choices(['native', 'expanded']))
    .option('--n-kv-heads <N>', 'key/value heads of the model, which an expanded graph does not tell', wholeNumber)
    .option(
      '--d-model <N>',
      "the residual stream's width, which EAP-IG needs and lines of edges do not tell",
      wholeNumber,
    )
    .option('--sidecar <FILE.json>', 'what IN does not record: model, method, metric, data, sign')
    .option(
      '--top <N>',
      'of an attribution graph: so many of the strongest edges (default: all with a score)',
      wholeNumber,
    )
    .option('--task <NAME>', 'of a MIB submission: the task, such as ioi')
    .option('--model <NAME>', 'of a MIB submission: the model, such as gpt2')
    .option('--signed', 'of MIB circuits: edges of the largest score, not of the largest absolute score')
    .action(async (input: string, output: string, options: Omit<ConvertArguments, 'input' | 'output'>) => {
      const { circuitConvert } = await import('./circuit-convert.ts');
      process.exitCode = await circuitConvert({ input, output, ...options });
    });
  group
    .command('show')
    .description("tell a circuit's shape, how it came about and its strongest edges")
    .argument('<FILE>', 'as IN of convert')
    .option('--top <N>', 'how many edges', wholeNumber, 20)
    .action(async (file: string, { top }: { top: number }) => {
      const { circuitShow } = await import('./circuit-show.ts');
      process.exitCode = await circuitShow(file, top);
    });
  return group;
}
