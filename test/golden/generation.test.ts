/** Steering and generation by a spec, through the engine's process, against the reference's logits and tokens. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, openEnginePool, parseSpec, runExperiment, specHash } from '@demur/interp';
import type { EnginePool, ExperimentResult } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smollm2Path } from '../../scripts/fetch-smollm2.ts';
import { difference, goldenCase, readArrays, type Batch } from './golden-case.ts';

interface Completion {
  tokens: number[];
  text: string | null;
  finish: string;
}

let pool: EnginePool;
let folder: string;
beforeAll(async () => {
  pool = await openEnginePool({ workers: 2 });
  folder = mkdtempSync(join(tmpdir(), 'demur-steering-'));
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (spec: object): Promise<ExperimentResult> => runExperiment(parseSpec(spec), { pool });
const completionsOf = ({ result }: ExperimentResult) => result.completions as Completion[];
const sweptOf = ({ result }: ExperimentResult) => result.completions as Completion[][];

/** The steering cases of the reference as options of a spec. */
const cases = {
  add_all_pos: { mode: 'add', coefficients: [0, 1.5, -2], layers: [1] },
  add_last_pos: { mode: 'add', coefficients: [0, 1.5], layers: [1], positions: 'last' },
  ablate_one_layer: { mode: 'ablate', layers: [1] },
  ablate_everywhere: { mode: 'ablate', layers: 'all' },
} as const;
const steeredAt = { add_all_pos: 1, add_last_pos: 1, ablate_one_layer: 0, ablate_everywhere: 0 };

const families = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];

describe.each(
  families.flatMap((name): [string, Batch][] => [
    [name, 'plain'],
    [name, 'leftpad'],
  ]),
)('%s, %s', (name, batch) => {
  const golden = goldenCase(name, batch);
  const { json, arrays: reference, tokens } = golden;
  const base = { model: golden.model, pairs: golden.pairs };
  // The file holds token ids too: only the vector is read.
  const file = fileURLToPath(new URL(`open/${name}/${batch}.safetensors`, import.meta.url));
  const direction = { file, name: 'steer.vector' };

  it.each(Object.keys(cases) as (keyof typeof cases)[])('steers: %s', async (steer) => {
    const options = { direction, ...cases[steer], logits: 'last', maxTokens: 8 };
    const result = await run({ kind: 'steering', ...base, options });
    const { shape, values } = result.arrays['logits_last']!;
    const wanted = reference[`steer.${steer}.logits`]!;
    const [pairs, columns, dVocab] = wanted.shape as [number, number, number];
    const coefficients = shape[0]!;
    expect(shape).toEqual([coefficients, pairs, dVocab]);
    const c = steeredAt[steer];
    const last = Array.from({ length: pairs }, (_, p) => {
      const end = (p + 1) * columns * dVocab;
      return [...wanted.values.subarray(end - dVocab, end)];
    });
    const got = { shape: [pairs, dVocab], values: values.subarray(c * pairs * dVocab, (c + 1) * pairs * dVocab) };
    const lastLogits = { shape: [pairs, dVocab], values: Float32Array.from(last.flat()) };
    expect(difference(got, lastLogits).relative).toBeLessThan(1e-4);
    const metric = Float32Array.from(last, (row, p) => row[json.answer_token[p]!]! - row[json.other_token[p]!]!);
    const steered = result.arrays['metric']!;
    expect(steered.shape).toEqual([coefficients, pairs]);
    const own = { shape: [pairs], values: steered.values.subarray(c * pairs, (c + 1) * pairs) };
    expect(difference(own, { shape: [pairs], values: metric }).relative).toBeLessThan(1e-4);
    const plain = { shape: [pairs], values: steered.values.subarray(0, pairs) };
    if (c === 1) expect(difference(plain, reference['clean.metric']!).relative).toBeLessThan(1e-4);
    const generated = tokens[`generate.${steer}`];
    const swept = sweptOf(result);
    if (generated !== undefined) expect(swept[c]!.map((own) => own.tokens)).toEqual(generated);
    if (c === 1) expect(swept[0]!.map((own) => own.tokens)).toEqual(tokens['generate.plain']);
    expect(swept.flat().every(({ text }) => text === null)).toBe(true);
    expect(Object.keys(result.arrays).sort()).toEqual(['baseline.clean', 'kl', 'logits_last', 'metric']);
  });

  it('generates with interventions and without', async () => {
    const generation = { maxTokens: 8, stopAtEos: false };
    const plain = await run({ kind: 'generation', ...base, options: generation });
    expect(completionsOf(plain).map((own) => own.tokens)).toEqual(tokens['generate.plain']);
    expect(plain.arrays).toEqual({});
    const added = { direction, coefficient: json.steer.alpha, layers: [json.steer.layer] };
    const add = await run({ kind: 'generation', ...base, options: { ...generation, interventions: [added] } });
    expect(completionsOf(add).map((own) => own.tokens)).toEqual(tokens['generate.add_all_pos']);
    const ablated = { direction, mode: 'ablate', layers: 'all' };
    const ablate = await run({ kind: 'generation', ...base, options: { ...generation, interventions: [ablated] } });
    expect(completionsOf(ablate).map((own) => own.tokens)).toEqual(tokens['generate.ablate_everywhere']);
  });
});

describe('a generation', () => {
  const golden = goldenCase('llama_mha', 'leftpad');
  const vector = golden.arrays['steer.vector']!;
  const base = { kind: 'generation', model: golden.model, pairs: golden.pairs };
  const add = (direction: object) => ({ direction, coefficient: 1.5, layers: [1] });

  it('ends at the end of a sequence and at stop tokens, unless told otherwise', async () => {
    const interventions = [add({ values: [...vector.values] })];
    const [, ended] = completionsOf(await run({ ...base, options: { maxTokens: 8, interventions } }));
    // The reference's row is 22 22 25 18 48 55 2 22, and 2 ends a sequence.
    expect(ended).toEqual({ tokens: [22, 22, 25, 18, 48, 55, 2], text: null, finish: 'stop' });
    const options = { maxTokens: 8, interventions, stopTokens: [48] };
    const [, stopped] = completionsOf(await run({ ...base, options }));
    expect(stopped).toEqual({ tokens: [22, 22, 25, 18, 48], text: null, finish: 'stop' });
  });

  it('draws by the seed and the pair, whatever stands beside it', async () => {
    const pairs = Array.from({ length: 12 }, (_, i) => golden.pairs[i % 2]!);
    const options = { maxTokens: 6, temperature: 1.5, topP: 0.9, stopAtEos: false };
    const all = completionsOf(await run({ ...base, pairs, options, seed: 3 }));
    const few = completionsOf(await run({ ...base, pairs: pairs.slice(0, 3), options, seed: 3 }));
    expect(all.slice(0, 3)).toEqual(few);
    expect(new Set(all.map((own) => own.tokens.join())).size).toBeGreaterThan(6);
    expect(completionsOf(await run({ ...base, pairs, options, seed: 4 }))).not.toEqual(all);
  });

  it('takes a direction by its values or from a file, and pins what it read', async () => {
    const options = (direction: object) => ({ maxTokens: 3, stopAtEos: false, interventions: [add(direction)] });
    const file = join(folder, 'direction.safetensors');
    writeFileSync(file, encodeSafetensors({ v: vector }));
    const byValue = await run({ ...base, options: options({ values: [...vector.values] }) });
    const byFile = await run({ ...base, options: options({ file, name: 'v' }) });
    expect(completionsOf(byFile)).toEqual(completionsOf(byValue));
    expect(byFile.result.record.directions).toMatchObject(byValue.result.record.directions!);
    const sha256 = byFile.result.record.directions![0]!.sha256;
    expect(byFile.result.spec.options).toMatchObject(options({ file, name: 'v', sha256 }));
    expect(byFile.result.specHash).toBe(specHash(byFile.result.spec));
    const again = parseSpec(JSON.parse(JSON.stringify(byFile.result.spec)));
    expect((await runExperiment(again, { pool })).result.completions).toEqual(byFile.result.completions);
    writeFileSync(file, encodeSafetensors({ v: { ...vector, values: vector.values.map((x) => -x) } }));
    await expect(runExperiment(again, { pool })).rejects.toThrow(
      /^options\.interventions\[0\]\.direction: "v" of .*direction\.safetensors has the SHA-256 .* it has changed/,
    );
    const changed = await run({ ...base, options: options({ file, name: 'v' }) });
    expect(changed.result.specHash).not.toBe(byFile.result.specHash);
  });

  it('tells the pair whose logits overflow', async () => {
    const huge = { direction: { values: [...vector.values] }, coefficient: 1e38, layers: 'all' };
    const overflow = run({ ...base, options: { interventions: [huge] } });
    await expect(overflow).rejects.toThrow(/^pairs\[[01]\]: "logits" is NaN: the model overflows/);
  });

  const bad = (values: number[], shape = [values.length]) => ({ shape, values: Float32Array.from(values) });
  const zeros = Array.from({ length: 32 }, () => 0);

  it.each<[string, object, RegExp]>([
    ['no such file', add({ file: 'nowhere.safetensors', name: 'v' }), /direction: .*nowhere\.safetensors/],
    [
      'no such tensor',
      add({ file: 'bad.safetensors', name: 'w' }),
      /direction: .*bad\.safetensors has no tensor "w"; it has /,
    ],
    [
      'another width',
      add({ file: 'bad.safetensors', name: 'short' }),
      /direction: "short" of bad\.safetensors has 3 values; .* has 32$/,
    ],
    [
      'a matrix',
      add({ file: 'bad.safetensors', name: 'matrix' }),
      /"matrix" of bad\.safetensors has the shape \[1, 32\]; give one vector/,
    ],
    [
      'a NaN',
      add({ file: 'bad.safetensors', name: 'nan' }),
      /"nan" of bad\.safetensors is NaN at index 31; give finite numbers/,
    ],
    [
      'token ids',
      add({ file: 'ids.safetensors', name: 'tokens.clean' }),
      /ids\.safetensors: tensor "tokens\.clean" is stored as I64/,
    ],
    [
      'zero projected out',
      { direction: { values: zeros }, mode: 'ablate', layers: 'all' },
      /direction: the direction is zero/,
    ],
    ['zero added', add({ values: zeros }), /direction: the direction is zero: adding it changes nothing/],
    [
      'a layer beyond the last',
      { direction: { values: zeros }, layers: [3] },
      /^options\.interventions\[0\]\.layers\[0\]: 3 is no layer; the model has layers 0 to 2$/,
    ],
  ])('is refused before it runs: %s', async (_, intervention, message) => {
    const file = join(folder, 'bad.safetensors');
    const arrays = { short: bad([1, 2, 3]), matrix: bad(zeros, [1, 32]), nan: bad([...zeros.slice(1), NaN]) };
    writeFileSync(file, encodeSafetensors(arrays));
    const ids = readFileSync(new URL('open/llama_mha/plain.safetensors', import.meta.url));
    writeFileSync(join(folder, 'ids.safetensors'), ids);
    const spec = parseSpec({ ...base, options: { interventions: [intervention] } });
    const resolveFile = (name: string) => join(folder, name);
    await expect(runExperiment(spec, { pool, resolveFile })).rejects.toThrow(message);
  });
});

interface SmolCase {
  template: string;
  pairs: [string, string][];
  steer: {
    layer: number;
    alpha: number;
    cases: Record<string, { metric: number[]; generated: number[][]; text: string[] }>;
  };
}

const model = smollm2Path();
const there = existsSync(model);

describe.skipIf(!there)('SmolLM2-135M-Instruct (skipped where it cannot be fetched)', { timeout: 900_000 }, () => {
  const smol = new URL('open/smollm2/', import.meta.url);
  const { template, pairs: words, steer } = JSON.parse(readFileSync(new URL('case.json', smol), 'utf8')) as SmolCase;
  const reference = readArrays(new URL('smollm2.safetensors', smol));
  const direction = { file: fileURLToPath(new URL('smollm2.safetensors', smol)), name: 'steer.vector' };
  const chat = (object: string) => ({ messages: [{ role: 'user', content: template.replace('{}', object) }] });
  const pairs = words.slice(0, 3).map(([clean, corrupted]) => ({
    ...{ clean: chat(clean), corrupted: chat(corrupted), answer: 'Sorry', distractor: 'Sure' },
  }));

  function compare(name: string, result: ExperimentResult, c: number): void {
    const { metric, logits_last: logits } = result.arrays;
    const wanted = steer.cases[name]!;
    const of = (values: ArrayLike<number>, start: number, count: number) =>
      Float32Array.from({ length: count }, (_, i) => values[start + i]!);
    const shown = { shape: [3], values: of(metric!.values, 3 * c, 3) };
    expect(difference(shown, { shape: [3], values: of(wanted.metric, 0, 3) }).relative).toBeLessThan(1e-4);
    const dVocab = logits!.shape[2]!;
    const first = { shape: [2, dVocab], values: of(logits!.values, 3 * c * dVocab, 2 * dVocab) };
    expect(difference(first, reference[`steer.${name}.logits_last_first2`]!).relative).toBeLessThan(1e-4);
    const completions = sweptOf(result)[c]!;
    expect(completions.map((own) => own.tokens)).toEqual(wanted.generated);
    expect(completions.map((own) => own.text)).toEqual(wanted.text);
  }

  it('adds a direction', async () => {
    const options = { direction, layers: [steer.layer], coefficients: [0, steer.alpha], run: 'corrupted' };
    const result = await run({ kind: 'steering', model, pairs, options: { ...options, logits: 'last', maxTokens: 8 } });
    compare('harmless_plain', result, 0);
    compare('harmless_add_all_pos', result, 1);
    // No tokens are given, so they are what the words of refusing begin with: "I'm sorry", "As an AI".
    const tokens = result.result.refusalTokens!.refuse.map(({ string }) => string);
    expect(tokens).toEqual(['I', ' I', 'As', ' As']);
    const logits = result.arrays['logits_last']!;
    const dVocab = logits.shape[2]!;
    const logOdds = Array.from(result.arrays['log_odds']!.values, (_, row) => {
      const powers = Array.from(logits.values.subarray(row * dVocab, (row + 1) * dVocab), Math.exp);
      const refusing = result.result.refusalTokens!.refuse.reduce((sum, { id }) => sum + powers[id]!, 0);
      return Math.log(refusing / (powers.reduce((sum, power) => sum + power, 0) - refusing));
    });
    const wanted = { shape: [2, 3], values: Float32Array.from(logOdds) };
    expect(difference(result.arrays['log_odds'], wanted).relative).toBeLessThan(1e-5);
  });

  it('projects a direction out everywhere', async () => {
    const options = { direction, mode: 'ablate', layers: 'all', logits: 'last', maxTokens: 8 };
    compare('harmful_ablate_everywhere', await run({ kind: 'steering', model, pairs, options }), 0);
  });

  it('counts refusals by words of the user, and says that few tokens miss late ones', async () => {
    const plain = steer.cases['harmless_plain']!.text;
    const [first, ...others] = [plain[0]!.slice(0, 6).toUpperCase(), 'never said'];
    const options = { maxTokens: 8, stopAtEos: false, run: 'corrupted', refusalWords: [first, ...others] };
    const { result } = await run({ kind: 'generation', model, pairs, options });
    const refused = plain.map((text) => text.toUpperCase().includes(first!));
    expect(refused[0]).toBe(true);
    expect(result.refusals).toEqual({
      ...{ words: [first, ...others], match: 'anywhere', refused },
      share: refused.filter(Boolean).length / refused.length,
    });
    expect(result.record.warnings).toContain(
      'options.maxTokens is 8: refusals that come later are not counted; give 100 or more where their share matters',
    );
  });
});
