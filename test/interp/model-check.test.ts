/** The checks of a model: right models pass, and every check fails on a mistake of the kind that it is there for. */
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { checkModel, encodeSafetensors, openEnginePool, type EnginePool, type ModelCheck } from '@demur/interp';
import { openModelSource, type HookName } from '@demur/model';
import { openBackend, Transformer, type ForwardOptions, type Run } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPairs } from '../../libs/interp/src/model-check/check-pairs.ts';
import { checkResult, type EngineCheckName } from '../../libs/interp/src/model-check/checks.ts';
import { measuresOf } from '../../libs/interp/src/model-check/comparison.ts';
import { executeCheck } from '../../libs/interp/src/model-check/execute-check.ts';
import { goldenCase } from '../golden/golden-case.ts';

const withReference = fileURLToPath(new URL('../golden/llama_bias/model', import.meta.url));
const statusOf = ({ checks }: ModelCheck, name: string) => checks.find((check) => check.name === name)!;

describe('on the engine', () => {
  let pool: EnginePool;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'demur-check-'));
    process.env['DEMUR_CACHE'] = folder;
    pool = await openEnginePool({ backend: 'wasm', workers: 1 });
  });
  afterAll(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  it.each(['gpt2', 'gemma2', 'llama_gqa_tied'])('%s passes, compared with its case around it', async (name) => {
    const check = await checkModel(goldenCase(name, 'plain').model, { pool });
    const told = check.checks.map(({ name, status, measured }) => [name, status, measured]);
    expect(told.filter(([, status]) => status === 'failed')).toEqual([]);
    expect(told.filter(([, status]) => status === 'passed')).toHaveLength(12);
    expect(check).toMatchObject({ passed: true, backend: { name: 'wasm' } });
  });

  it('compares with the reference in the folder, and says how far off it is', async () => {
    const check = await checkModel(withReference, { pool });
    for (const name of ['reference-activations', 'reference-gradients']) {
      const { status, measured, detail } = statusOf(check, name);
      expect([status, detail.startsWith('clean.')]).toEqual(['passed', true]);
      expect(measured).toBeGreaterThan(0);
    }
  });

  /** A copy of the model, one file of it changed. */
  function changed(name: string, change: (bytes: Buffer) => Buffer | string): string {
    const copy = mkdtempSync(join(folder, 'model-'));
    cpSync(withReference, copy, { recursive: true });
    writeFileSync(join(copy, name), change(readFileSync(join(withReference, name))));
    return copy;
  }

  it('finds a wrong rotary base by the reference, which every identity holds with', async () => {
    const copy = changed('config.json', (bytes) => {
      const config = JSON.parse(bytes.toString()) as { rope_theta?: number; rope_parameters?: { rope_theta: number } };
      if (config.rope_parameters) config.rope_parameters.rope_theta *= 2;
      else config.rope_theta = 2 * (config.rope_theta ?? 10_000);
      return JSON.stringify(config);
    });
    const check = await checkModel(copy, { pool });
    const failed = check.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
    expect(failed).toEqual(['reference-activations', 'reference-gradients']);
    expect(check.passed).toBe(false);
  });

  it('finds one value that is not the reference’s, and one that is no number', async () => {
    for (const [bits, measured] of [
      [0x7fc00000, null],
      [0x447a0000, expect.any(Number) as number],
    ] as const) {
      const copy = changed('demur-reference.safetensors', (bytes) => {
        const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()))) as Record<
          string,
          { data_offsets: [number, number] }
        >;
        const end = 8 + Number(bytes.readBigUInt64LE()) + header['clean.attn_out']!.data_offsets[1];
        bytes.writeUInt32LE(bits, end - 4);
        return bytes;
      });
      expect(statusOf(await checkModel(copy, { pool }), 'reference-activations')).toMatchObject({
        status: 'failed',
        measured,
        detail: 'clean.attn_out',
      });
    }
  });

  const tokens = (shape: number[], values: number[]) => ({ shape, values: Float32Array.from(values) });
  const metric = { 'tokens.answer': tokens([1], [1]), 'tokens.distractor': tokens([1], [2]) };
  const clean = { 'tokens.clean': tokens([1, 2], [3, 4]) };
  it.each([
    ['no metric', clean, /"tokens\.answer" and "tokens\.distractor" must have 1 token ids each/],
    ['a token that is none', { ...metric, 'tokens.clean': tokens([1, 2], [3, 1e6]) }, /has the token 1000000/],
    ['no columns', { ...metric, 'tokens.clean': tokens([3], [3, 4, 5]) }, /the shape \[3\] instead of/],
    ['other lengths', { ...metric, ...clean, 'tokens.corrupted': tokens([1, 1], [3]) }, /"tokens\.corrupted" has not/],
    [
      'another width',
      { ...metric, ...clean, 'clean.final_norm': tokens([1, 2, 1], [0, 0]) },
      /its shape is \[1, 2, 1\]/,
    ],
  ])('refuses a reference with %s', async (_, arrays, sentence) => {
    const file = join(mkdtempSync(join(folder, 'reference-')), 'reference.safetensors');
    writeFileSync(file, encodeSafetensors(arrays));
    await expect(checkModel(withReference, { pool, reference: file })).rejects.toThrow(sentence);
  });

  it('refuses a reference of another model, by name', async () => {
    const copy = changed('config.json', (bytes) => bytes);
    copyFileSync(join(withReference, 'model.safetensors'), join(copy, 'demur-reference.safetensors'));
    await expect(checkModel(copy, { pool })).rejects.toThrow(
      /demur-reference\.safetensors is no reference.*tokens\.clean/,
    );
    await expect(checkModel(withReference, { pool, reference: join(copy, 'nowhere') })).rejects.toMatchObject({
      code: 'INVALID_REFERENCE',
    });
  });
});

/** A transformer whose passes come out wrong: the values of a hook (or the logits) times 1.01 where `when` holds. */
class Spoiled extends Transformer {
  spoil: { hook: string; when: (tokens: readonly (readonly number[])[], options: ForwardOptions) => boolean } | null =
    null;

  override forward(tokens: readonly (readonly number[])[], options: ForwardOptions = {}): Run {
    const run = super.forward(tokens, options);
    const { spoil } = this;
    if (spoil === null || !spoil.when(tokens, options)) return run;
    const wrong = <T extends tf.Tensor>(tensor: T): T => {
      const result = tf.tidy(() => tensor.mul<T>(1.01));
      tensor.dispose();
      return result;
    };
    for (const [name, tensor] of run.activations)
      if (name.endsWith(spoil.hook)) run.activations.set(name, wrong(tensor));
    const logits = spoil.hook === 'logits' && run.logits ? wrong(run.logits) : run.logits;
    return { ...run, logits, dispose: () => tf.dispose([...(logits ? [logits] : []), ...run.activations.values()]) };
  }

  override gradients(...of: Parameters<Transformer['gradients']>): Map<HookName, tf.Tensor> {
    const gradients = super.gradients(...of);
    if (this.spoil?.hook !== 'gradient') return gradients;
    return new Map([...gradients].map(([name, tensor]) => [name, tf.tidy(() => tensor.mul(1.02))]));
  }
}

describe('a mistake of the engine', () => {
  let model: Spoiled;
  beforeAll(async () => {
    await openBackend('wasm');
    const source = await openModelSource(goldenCase('llama_gqa_tied', 'plain').model);
    model = new Spoiled(source.config, await source.loadWeights());
  });
  afterAll(() => model.dispose());

  let passes = 0;
  const always = () => true;
  const mistakes: [EngineCheckName, NonNullable<Spoiled['spoil']>][] = [
    ['determinism', { hook: 'logits', when: () => passes++ % 2 === 1 }],
    ['batching', { hook: 'hook_resid_pre', when: (tokens) => tokens.length > 1 }],
    ['causality', { hook: 'hook_resid_post', when: (tokens) => tokens[0]!.length > 14 }],
    ['residual-sum', { hook: 'hook_mlp_out', when: always }],
    ['head-sum', { hook: 'attn.hook_result', when: always }],
    ['cached-prefix', { hook: 'logits', when: (_, { prefix }) => prefix !== undefined }],
    ['start-layer', { hook: 'logits', when: (_, { startLayer }) => startLayer !== undefined }],
    ['suffix', { hook: 'hook_resid_post', when: always }],
    ['finite-differences', { hook: 'gradient', when: always }],
  ];

  async function run(check: EngineCheckName, spoil: Spoiled['spoil']) {
    model.spoil = spoil;
    const task = { check, pairs: checkPairs(model.config, null), references: [] };
    const cancel = { throwIfCancelled: () => undefined };
    return checkResult(check, measuresOf(await executeCheck(model, task, { cancel, onProgress: () => undefined })));
  }

  it.each(mistakes)('fails %s, which passes without it and leaves no tensor behind', async (check, spoil) => {
    await run(check, null);
    const before = tf.memory().numTensors;
    expect(await run(check, null)).toMatchObject({ status: 'passed' });
    expect(tf.memory().numTensors).toBe(before);
    expect(await run(check, spoil)).toMatchObject({ status: 'failed' });
  });
});
