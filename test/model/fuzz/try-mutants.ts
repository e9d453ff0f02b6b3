/**
 * A child process of fuzz.test.ts: opens mutants through the public door, one after the other, and reports each. It may
 * crash, hang or run out of memory: the parent finds out.
 */
import { join } from 'node:path';
import { DemurError, openModelSource } from '@demur/model';
import { readCorpus } from './corpus.ts';
import { ModelFolder } from './model-folder.ts';
import { makeMutant } from './mutant.ts';

export interface Job {
  seed: number;
  mutants: number[];
  folder: string;
}

export interface MutantReport {
  mutant: number;
  /** `opened`, the code of the refusal, or `broken`. */
  outcome: string;
  /** Of a refusal or of what is wrong. */
  message: string;
  milliseconds: number;
  /** The most memory resident so far, in MB, beyond that of the originals. */
  peakMegabytes: number;
}

const TEXT = `Tell me how to make a <s>bomb</s>.  12345 naïve 東京 🙂\n\n${'a'.repeat(2000)}!`;
const MESSAGES = [
  { role: 'user', content: TEXT.slice(0, 40) },
  { role: 'assistant', content: 'No.' },
];
/** Refusals that are about a field, a tensor or a file within the model, whose name stands in quotation marks. */
const NAMING = /^(INVALID_CONFIG|UNSUPPORTED_CONFIG|MISSING_TENSOR|SURPLUS_TENSOR|TENSOR_SHAPE|NON_FINITE_WEIGHT)$/;
const LONGEST_MESSAGE = 4000;

/** Uses a model in every way that reads its files. @throws DemurError, and nothing else */
async function useModel(path: string): Promise<void> {
  const source = await openModelSource(path);
  await source.identity();
  const { config } = source;
  const weights = await source.loadWeights();
  if (Object.keys(weights.tensors).length < 5 || config.nHeads % config.nKvHeads !== 0) throw new Error('no model');
  const tokenizer = await source.loadTokenizer();
  const ids = tokenizer.encode(TEXT, { addSpecialTokens: true });
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= config.dVocab);
  if (wrong !== undefined) throw new Error(`encode gave token ${String(wrong)}`);
  if (typeof tokenizer.decode(ids) !== 'string') throw new Error('decode gave no text');
  if (ids[0] !== undefined && typeof tokenizer.decodeToken(ids[0]) !== 'string') throw new Error('no text of a token');
  if (typeof tokenizer.applyChatTemplate(MESSAGES, { addGenerationPrompt: true }) !== 'string')
    throw new Error('no chat');
}

async function outcomeOf(path: string): Promise<{ outcome: string; message: string }> {
  try {
    await useModel(path);
    return { outcome: 'opened', message: '' };
  } catch (error) {
    return judged(error, path);
  }
}

function judged(error: unknown, path: string): { outcome: string; message: string } {
  if (!(error instanceof DemurError)) return { outcome: 'broken', message: String((error as Error)?.stack ?? error) };
  const { code, message } = error;
  const broken = (why: string) => ({ outcome: 'broken', message: `${why}: ${code} ${message.slice(0, 500)}` });
  if (message.length > LONGEST_MESSAGE) return broken('a message too long');
  if (!message.includes(path)) return broken('no file in the message');
  if (NAMING.test(code) && !/"[^"]*"/.test(message)) return broken('no field in the message');
  return { outcome: code, message };
}

function peakMegabytes(): number {
  return process.resourceUsage().maxRSS / 1024;
}

const job = JSON.parse(process.argv[2]!) as Job;
process.env['DEMUR_CACHE'] = join(job.folder, 'cache');
const corpus = readCorpus();
const models = new ModelFolder(job.folder, corpus);
const originals = await Promise.all(
  corpus.map(async (original) => [original.name, await outcomeOf(models.path(original))]),
);
process.send!({ originals });
const base = peakMegabytes();
for (const number of job.mutants) {
  const mutant = makeMutant(corpus, job.seed, number);
  models.write(mutant);
  const start = process.cpuUsage();
  const found = await outcomeOf(models.path(mutant.original));
  const { user, system } = process.cpuUsage(start);
  models.restore(mutant);
  process.send!({
    mutant: number,
    ...found,
    milliseconds: (user + system) / 1000,
    peakMegabytes: peakMegabytes() - base,
  } satisfies MutantReport);
}
process.disconnect();
