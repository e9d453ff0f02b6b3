/**
 * Reference files: what another program computed with the same weights, as safetensors. The layout is told in
 * docs/guides/model-check.md. Comparing is reference.ts's part. No tensors here.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DemurError } from '@demur/model';
import { z } from 'zod';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { NamedArray } from '../named-array.ts';
import { decodeSafetensors } from '../safetensors.ts';

/** What stands beside a model, and is looked for. */
export const REFERENCE_FILE = 'demur-reference.safetensors';

/** Prompts of a reference, and what came of them. */
export interface Reference {
  /** For messages: `demur-reference`, or `plain`. */
  name: string;
  /** Columns of its arrays: the longest prompt. Shorter ones stand at the right. */
  columns: number;
  pairs: ResolvedPair[];
  /** By key: `clean.logits`, `corrupted.grad.z`. */
  arrays: Record<string, NamedArray>;
}

/** A file that is no reference of this model. */
export class InvalidReferenceError extends DemurError {
  constructor(file: string, problem: string) {
    super(
      'INVALID_REFERENCE',
      `${file} is no reference of this model: ${problem}; make it with scripts/make-reference.py`,
    );
  }
}

/** Reads a reference file. @throws InvalidReferenceError, InvalidSafetensorsError, UnreadableFileError */
export async function readReference(file: string, dVocab: number): Promise<Reference> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidReferenceError(file, `it cannot be read (${cause.code})`);
  });
  const arrays = decodeSafetensors(bytes, (name) => /^(tokens|clean|corrupted)\.|^attention_mask$/.test(name));
  const read = rowsReader(file, arrays, dVocab);
  const clean = read('tokens.clean');
  const [answers, distractors] = await answersOf(file, arrays, { prompts: clean.length, dVocab });
  const corrupted = 'tokens.corrupted' in arrays ? read('tokens.corrupted') : clean;
  const isAligned = clean.every((tokens, row) => tokens.length === corrupted[row]?.length);
  if (!isAligned) throw new InvalidReferenceError(file, '"tokens.corrupted" has not the shape of "tokens.clean"');
  const pairs = clean.map((tokens, row): ResolvedPair => {
    const firstDifference = tokens.findIndex((id, at) => id !== corrupted[row]![at]);
    const [answer, distractor] = [answers[row]!, distractors[row]!];
    return {
      clean: tokens,
      corrupted: corrupted[row]!,
      answer,
      distractor,
      firstDifference: Math.max(0, firstDifference),
    };
  });
  const columns = arrays['tokens.clean']!.shape[1]!;
  return { name: basename(file, '.safetensors'), columns, pairs, arrays };
}

/** Reads [rows, columns] of token ids, without those that the mask leaves out. */
function rowsReader(file: string, arrays: Record<string, NamedArray>, dVocab: number) {
  const mask = arrays['attention_mask'];
  return (key: string): number[][] => {
    const { shape, values } = requireArray(file, arrays, key);
    const [rows, columns] = shape as [number, number];
    if (shape.length !== 2 || rows * columns === 0)
      throw new InvalidReferenceError(
        file,
        `"${key}" has the shape [${shape.join(', ')}] instead of [prompts, columns]`,
      );
    const bad = values.find((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
    if (bad !== undefined)
      throw new InvalidReferenceError(file, `"${key}" has the token ${bad}; ids are 0 to ${dVocab - 1}`);
    return Array.from({ length: rows }, (_, row) => {
      const ids = [...values.subarray(row * columns, (row + 1) * columns)];
      const kept = ids.filter((_id, at) => mask === undefined || mask.values[row * columns + at] === 1);
      if (kept.length === 0) throw new InvalidReferenceError(file, `prompt ${row} has no token`);
      return kept;
    });
  };
}

/** The two tokens of the metric, a prompt an entry; from case.json beside the file where the file has none. */
async function answersOf(
  file: string,
  arrays: Record<string, NamedArray>,
  { prompts, dVocab }: { prompts: number; dVocab: number },
): Promise<[number[], number[]]> {
  const own = ['tokens.answer', 'tokens.distractor'].map((key) => arrays[key]?.values);
  const found = own.every((values) => values !== undefined)
    ? own.map((values) => [...values])
    : await caseAnswers(file);
  const isToken = z
    .int()
    .min(0)
    .max(dVocab - 1);
  const parsed = z.tuple([z.array(isToken).length(prompts), z.array(isToken).length(prompts)]).safeParse(found);
  if (parsed.success) return parsed.data;
  const problem = `"tokens.answer" and "tokens.distractor" must have ${prompts} token ids each, 0 to ${dVocab - 1}`;
  throw new InvalidReferenceError(file, problem);
}

async function caseAnswers(file: string): Promise<unknown[]> {
  try {
    const json: unknown = JSON.parse(await readFile(join(dirname(file), 'case.json'), 'utf8'));
    const { answer_token, other_token } = json as { answer_token?: unknown; other_token?: unknown };
    return [answer_token, other_token];
  } catch {
    return [];
  }
}

function requireArray(file: string, arrays: Record<string, NamedArray>, key: string): NamedArray {
  const array = arrays[key];
  if (array === undefined) throw new InvalidReferenceError(file, `it has no "${key}"`);
  return array;
}
