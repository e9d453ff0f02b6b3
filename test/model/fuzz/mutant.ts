/** One mutant: a model of the corpus with one of its files changed, removed or replaced by something that is no file. */
import { extremeText } from './extremes.ts';
import type { Original } from './corpus.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { ggufHeaderLength, mutateGguf } from './mutate-gguf.ts';
import { mutateJson, type Changed } from './mutate-json.ts';
import { headerLength, mutateSafetensors } from './mutate-safetensors.ts';
import { integer, pick, seededRandom, type Random } from './random.ts';

/** What stands in a file's place. */
export type Replacement = Buffer | 'nothing' | 'directory' | 'loop' | 'pipe' | 'device';

export interface Mutant {
  original: Original;
  file: string;
  replacement: Replacement;
  recipe: string;
}

/** Mutant `index` of a run with this seed. */
export function makeMutant(corpus: readonly Original[], seed: number, index: number): Mutant {
  const random = seededRandom(seed, index);
  const original = pickOriginal(corpus, random);
  const file = pickFile([...original.files.keys()], random);
  const name = `${original.name} ${file}`;
  if (random() < 0.03) {
    const replacement = pick(random, ['nothing', 'directory', 'loop', 'pipe', 'device'] as const);
    return { original, file, replacement, recipe: `${name}: ${replacement}` };
  }
  const content = original.files.get(file)!;
  const changed = random() < 0.25 ? blindly(file, content, random) : knowingly(file, content, random);
  return { original, file, replacement: changed.content, recipe: `${name}: ${changed.recipe}` };
}

/** Half of the mutants are of models with a tokenizer: they have more to break. */
function pickOriginal(corpus: readonly Original[], random: Random): Original {
  return pick(random, random() < 0.5 ? corpus.filter(hasTokenizer) : corpus);
}

function hasTokenizer({ files }: Original): boolean {
  return files.has('tokenizer.json') || files.get('model.gguf')?.includes('tokenizer.ggml.model') === true;
}

/** Text files are tried more often than their weights. */
function pickFile(names: string[], random: Random): string {
  const texts = names.filter((name) => !name.endsWith('.safetensors'));
  return pick(random, random() < 0.65 && texts.length > 0 ? texts : names);
}

function blindly(file: string, content: Buffer, random: Random): Changed<Buffer> {
  const whole = random() < 0.1 ? content.length : headerBytes(file, content);
  return mutateBytes(content, random() < 0.2 ? Math.min(whole, 64) : whole, random);
}

function headerBytes(file: string, content: Buffer): number {
  if (file.endsWith('.safetensors')) return headerLength(content);
  return file.endsWith('.gguf') ? ggufHeaderLength(content) : content.length;
}

/** One structured change, now and then two. */
function knowingly(file: string, content: Buffer, random: Random): Changed<Buffer> {
  const first = structured(file, content, random);
  if (!file.endsWith('.json') || random() < 0.8) return first;
  try {
    const second = structured(file, first.content, random);
    return { content: second.content, recipe: `${first.recipe}; ${second.recipe}` };
  } catch {
    return first; // The first change left nothing that could be parsed.
  }
}

function structured(file: string, content: Buffer, random: Random): Changed<Buffer> {
  if (file.endsWith('.safetensors')) return mutateSafetensors(content, random);
  if (file.endsWith('.gguf')) return mutateGguf(content, random);
  if (file.endsWith('.json')) {
    const { content: text, recipe } = mutateJson(content.toString(), random);
    return { content: Buffer.from(text), recipe };
  }
  return template(content.toString(), random);
}

/** A template of another kind, or one put somewhere into this. */
function template(text: string, random: Random): Changed<Buffer> {
  const other = extremeText('template', random);
  const at = integer(random, text.length);
  const content = random() < 0.6 ? other : text.slice(0, at) + other + text.slice(at);
  return { content: Buffer.from(content), recipe: `${other.slice(0, 80)}, ${other.length} characters` };
}
