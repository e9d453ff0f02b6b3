/** `demur data make`: pairs for a model, from a template and lists, or a data set that comes with demur. */
import { readFile } from 'node:fs/promises';
import { builtInPairs, pairByLength, pairFormatOf, PairFileError, tokenizerOf, type MadePairs } from '@demur/interp';
import { DemurError, openModelSource, resolveModel, TokenizerMissingError, type Tokenizer } from '@demur/model';
import { exitCodeOf } from './exit-code.ts';
import { interruption } from './run.ts';
import { writePairs } from './write-pairs.ts';

export interface DataMakeArguments {
  template: string;
  model: string;
  out: string;
  clean?: string;
  corrupted?: string;
  answer?: string;
  distractor?: string;
  text?: boolean;
  oneToken?: boolean;
  count?: number;
  seed: number;
}

/** A template that cannot be filled as it was asked for. */
class TemplateError extends DemurError {
  constructor(message: string) {
    super('TEMPLATE', message);
  }
}

/** Writes the pairs, and tells on stderr what was left out and why. */
export async function dataMake(options: DataMakeArguments): Promise<number> {
  try {
    pairFormatOf(options.out);
    const source = await openModelSource(await resolveModel(options.model, { signal: interruption() }));
    const tokenizer = await tokenizerOf(source);
    if (tokenizer === null) throw new TokenizerMissingError(source.path, 'tokenizer.json');
    const { pairs, dropped } = await made(options, tokenizer);
    const kept = pairs.slice(0, options.count);
    await writePairs(options.out, kept);
    for (const sentence of dropped) console.error(`left out: ${sentence}`);
    console.error(`${kept.length} pairs in ${options.out}`);
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

async function made(options: DataMakeArguments, tokenizer: Tokenizer): Promise<MadePairs> {
  const { template, clean, corrupted, answer = 'Sorry', distractor = 'Sure', text, oneToken } = options;
  const builtIn = builtInPairs(template, { tokenizer, ...options });
  if (builtIn !== undefined) return builtIn;
  const [slot, ...more] = slotsOf(template);
  if (slot === undefined || more.length > 0)
    throw new TemplateError(
      `${JSON.stringify(template)} has ${more.length === 0 ? 'no slot' : 'several slots'}; write one, such as {object}, or name one of the data sets: see demur data make --help`,
    );
  if (clean === undefined || corrupted === undefined)
    throw new TemplateError(`{${slot}} needs its texts; give --clean and --corrupted, each a list such as bomb,gun`);
  const prompt = text === true ? { text: template } : { messages: [{ role: 'user', content: template }] };
  const lists = { clean: await listOf(clean), corrupted: await listOf(corrupted) };
  return pairByLength({ template: prompt, slot, ...lists, answer, distractor, oneToken: oneToken ?? false }, tokenizer);
}

const slotsOf = (template: string): string[] => [
  ...new Set([...template.matchAll(/\{([A-Za-z][A-Za-z0-9_-]*)\}/g)].map(([, name]) => name!)),
];

/** Words with commas between them, or the lines of a .txt file. */
async function listOf(given: string): Promise<string[]> {
  const words = given.endsWith('.txt') ? (await textOfFile(given)).split(/\r?\n/) : given.split(',');
  return words.map((word) => word.trim()).filter((word) => word !== '');
}

async function textOfFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PairFileError(file, `cannot be read: ${(cause as Error).message}; give a file with a word a line`, cause);
  }
}
