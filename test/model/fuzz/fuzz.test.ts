// Damaged copies of the small models of test/golden: each opens, is hashed, loaded, tokenized and chatted with, or is refused
// in a sentence that names the file. No crash, no hang, no hoard of memory, no other error. Of one seed they are always the
// same, so that the gate tries two thousand, which reach every reader, and `npm run test:all` ten thousand.
//
//   DEMUR_FUZZ_SEED=7 vitest run test/model/fuzz                        another row of mutants
//   DEMUR_FUZZ_SEED=7 DEMUR_FUZZ_MUTANT=123 vitest run test/model/fuzz  one of them
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCorpus } from './corpus.ts';
import { ModelFolder } from './model-folder.ts';
import { makeMutant } from './mutant.ts';
import { runMutants, type Findings } from './run-mutants.ts';

const environment = process.env;
const seed = Number(environment['DEMUR_FUZZ_SEED'] ?? 1);
const only = environment['DEMUR_FUZZ_MUTANT'];
const count = Number(environment['DEMUR_FUZZ_COUNT'] ?? 2000);
const mutants = only === undefined ? Array.from({ length: count }, (_, i) => i) : [Number(only)];

/** What a person needs to see one again: its number, what was done to which file, what happened, and the model itself. */
function described({ mutant, why }: Findings['broken'][number]): string {
  const made = makeMutant(readCorpus(), seed, mutant);
  const models = new ModelFolder(mkdtempSync(join(tmpdir(), `demur-mutant-${seed}-${mutant}-`)), [made.original]);
  models.write(made);
  return [
    `DEMUR_FUZZ_SEED=${seed} DEMUR_FUZZ_MUTANT=${mutant}: ${made.recipe.slice(0, 300)}`,
    `  ${why.slice(0, 800)}`,
    `  kept at ${models.path(made.original)}`,
  ].join('\n');
}

describe('mutants of real model files', () => {
  it(`open or are refused (seed ${seed})`, { timeout: 900_000 }, async () => {
    const { outcomes, originals, broken } = await runMutants(seed, mutants, 2);
    for (const [name, { outcome, message }] of originals) {
      expect(`${name} ${outcome} ${message}`).toMatch(/ (opened|TOKENIZER_MISSING) /);
    }
    const shown = broken.slice(0, 10).map(described);
    expect(`${broken.length} broken\n${shown.join('\n')}`).toBe('0 broken\n');
    expect([...outcomes.values()].reduce((sum, of) => sum + of, 0)).toBe(mutants.length);
    if (mutants.length < 2000) return;
    // The mutants reach every reader: not all of them stop at the first check.
    const codes = [
      'opened',
      'INVALID_JSON',
      'INVALID_HEADER',
      'TRUNCATED_FILE',
      'INVALID_CONFIG',
      'UNSUPPORTED_CONFIG',
    ];
    codes.push('MISSING_TENSOR', 'TENSOR_SHAPE', 'SURPLUS_TENSOR', 'UNSUPPORTED_ELEMENT_TYPE', 'NON_FINITE_WEIGHT');
    codes.push('INVALID_TOKENIZER', 'CHAT_TEMPLATE_FAILED', 'UNREADABLE_FILE', 'WEIGHTS_MISSING');
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(codes));
  });
});
