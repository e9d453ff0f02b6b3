/** Edits as data: each mode at each kind of axis against plain arithmetic on what the pass shows, and what the pass makes of them. */
import * as tf from '@tensorflow/tfjs';
import { BLOCK_HOOKS, blockHook, MODEL_HOOKS, type HookName } from '@demur/model';
import { openBackend, type Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { editHooks, EditError } from '../../libs/model/src/edits.ts';
import type { Edit } from '../../libs/model/src/edits.ts';
import { randomValues, relativeDifference, tinyModel } from './tiny-model.ts';

const tokens = [
  [5, 9, 3, 33, 17, 40, 2, 21],
  [7, 7, 12, 50, 1, 28, 33, 6],
];

/** Axes of positions and heads in the canonical shape. */
function axesOf(name: string): { positions: number; heads: number | null } {
  if (/(pattern|attn_scores)$/.test(name)) return { positions: 2, heads: 1 };
  return { positions: 1, heads: /_(q|k|v|z|result|result_post)$/.test(name) ? 2 : null };
}

/** The indices of a flat row-major offset. */
function indicesOf(offset: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = offset;
  for (const size of shape.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices;
}

/** `before` with one number a cell replaced by `of`, where rows, positions and heads are among those of the edit. */
function byHand(
  before: { shape: number[]; values: Float32Array },
  name: string,
  { rows, positions, heads }: Pick<Edit, 'rows' | 'positions' | 'heads'>,
  of: (x: number, indices: number[], offset: number) => number,
): Float32Array {
  const axes = axesOf(name);
  const last = before.shape[axes.positions]! - 1;
  const chosen = positions === 'last' ? [last] : positions === 'all' ? undefined : positions;
  return before.values.map((x, offset) => {
    const indices = indicesOf(offset, before.shape);
    const isIn = (list: readonly number[] | undefined, axis: number | null) =>
      list === undefined || axis === null || list.includes(indices[axis]!);
    return isIn(rows, 0) && isIn(chosen, axes.positions) && isIn(heads, axes.heads) ? of(x, indices, offset) : x;
  });
}

const families = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];

describe.each(families)('%s', (family) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(family, 'wasm');
    model.forward(tokens).dispose();
  });
  afterAll(() => model.dispose());

  function see(names: HookName[], options: Parameters<Transformer['forward']>[1] = {}) {
    const run = model.forward(tokens, { ...options, capture: names, logitsAt: 'all' });
    const read = (x: tf.Tensor) => ({ shape: x.shape, values: x.dataSync<'float32'>().slice() });
    const seen = new Map([...run.activations].map(([name, x]) => [name, read(x)]));
    const logits = read(run.logits!);
    run.dispose();
    return { logits, at: (name: HookName) => seen.get(name)! };
  }

  const withEdits = (edits: Edit[]) => ({ hooks: editHooks(edits, { nLayers: model.config.nLayers }) });

  /** Every hook of the second layer, and the model's own. */
  function hooksOf({ config }: Transformer): HookName[] {
    const own = BLOCK_HOOKS.filter((hook) => config.postNorms || !/^ln._post/.test(hook));
    return [...MODEL_HOOKS, ...own.map((hook) => blockHook(1, hook))];
  }

  it('adds, replaces and projects out at every hook, at rows, positions and heads', () => {
    const live = tf.memory().numTensors;
    for (const name of hooksOf(model)) {
      const before = see([name]).at(name);
      const width = before.shape.at(-1)!;
      const { heads } = axesOf(name);
      const where = { rows: [1], positions: [2, 5], ...(heads === null ? {} : { heads: [1] }) };
      const vector = randomValues(width, 3);
      const value = { shape: [width], values: vector };
      const length = Math.hypot(...vector);
      const expected: Record<Edit['mode'], (x: number, i: number[], at: number) => number> = {
        add: (x, i) => x + vector[i.at(-1)!]!,
        replace: (_, i) => vector[i.at(-1)!]!,
        'project-out': (x, i, at) => {
          const start = at - i.at(-1)!;
          const along = vector.reduce((sum, v, j) => sum + (v / length) * before.values[start + j]!, 0);
          return x - (along * vector[i.at(-1)!]!) / length;
        },
      };
      const masked = before.values.map((x) => (Number.isFinite(x) ? x : 0));
      for (const mode of ['add', 'replace', 'project-out'] as const) {
        if (/attn_scores$/.test(name) && mode === 'project-out') continue; // scores hold -Infinity
        const after = see([name], withEdits([{ hook: name, mode, value, ...where }])).at(name);
        const wanted = byHand(before, name, where, expected[mode]).map((x) => (Number.isFinite(x) ? x : 0));
        const got = after.values.map((x) => (Number.isFinite(x) ? x : 0));
        expect(relativeDifference(got, wanted), `${mode} ${name}`).toBeLessThan(1e-5);
        expect(relativeDifference(got, masked), `${mode} ${name}`).toBeGreaterThan(1e-3);
      }
    }
    expect(tf.memory().numTensors).toBe(live);
  });

  it('applies several edits of one hook in their order, in all layers that a pattern names', () => {
    const { dModel, nLayers } = model.config;
    const [a, b] = [4, 5].map((seed) => ({ shape: [dModel], values: randomValues(dModel, seed) }));
    const names = Array.from({ length: nLayers }, (_, l) => blockHook(l, 'hook_mlp_out'));
    const edits: Edit[] = [
      { hook: 'blocks.*.hook_mlp_out', mode: 'replace', value: a! },
      { hook: 'blocks.*.hook_mlp_out', mode: 'add', value: b!, positions: 'last' },
    ];
    const after = see(names, withEdits(edits));
    for (const name of names) {
      const { shape, values } = after.at(name);
      const wanted = values.map((_, at) => {
        const [, position, i] = indicesOf(at, shape) as [number, number, number];
        return a!.values[i]! + (position === tokens[0]!.length - 1 ? b!.values[i]! : 0);
      });
      expect(relativeDifference(values, wanted)).toBeLessThan(1e-6);
    }
  });

  it('reads a value by row, position and head where it has those axes', () => {
    const name = blockHook(1, 'attn.hook_z');
    const { dHead } = model.config;
    const value = { shape: [2, 2, 2, dHead], values: randomValues(8 * dHead, 6) };
    const where = { rows: [1, 0], positions: [6, 3], heads: [2, 0] };
    const before = see([name]).at(name);
    const after = see([name], withEdits([{ hook: name, mode: 'add', value, ...where }])).at(name);
    const wanted = byHand(before, name, where, (x, [row, position, head, i]) => {
      const at = [where.rows.indexOf(row!), where.positions.indexOf(position!), where.heads.indexOf(head!)];
      return x + value.values[((at[0]! * 2 + at[1]!) * 2 + at[2]!) * dHead + i!]!;
    });
    expect(relativeDifference(after.values, wanted)).toBeLessThan(1e-6);
  });

  it('changes nothing when every activation is replaced by itself', () => {
    const plain = see([]).logits;
    for (const hook of [
      'attn.hook_q',
      'attn.hook_k',
      'attn.hook_z',
      'attn.hook_result',
      'attn.hook_pattern',
    ] as const) {
      const name = blockHook(1, hook);
      const { shape, values } = see([name]).at(name);
      const { logits } = see([], withEdits([{ hook: name, mode: 'replace', value: { shape, values } }]));
      expect(relativeDifference(logits.values, plain.values), hook).toBeLessThan(1e-5);
    }
  });

  it('goes on from a replaced residual stream as from a start at that layer', () => {
    const { dModel } = model.config;
    const values = randomValues(2 * tokens[0]!.length * dModel, 8);
    const shape: [number, number, number] = [2, tokens[0]!.length, dModel];
    const name = blockHook(2, 'hook_resid_pre');
    const edited = see([], withEdits([{ hook: name, mode: 'replace', value: { shape, values } }])).logits;
    const resid = tf.tensor3d(values, shape);
    const started = see([], { startLayer: 2, resid }).logits;
    resid.dispose();
    expect(relativeDifference(edited.values, started.values)).toBeLessThan(1e-6);
  });

  it('counts columns over a prefix, and leaves alone a pass without them', () => {
    const { dModel, nLayers } = model.config;
    const edit: Edit = {
      hook: 'blocks.0.hook_resid_pre',
      mode: 'add',
      value: { shape: [dModel], values: randomValues(dModel, 9) },
      positions: [6],
    };
    const whole = see([], withEdits([edit])).logits;
    const prefix = model.prefix(tokens.map((row) => row.slice(0, 5)));
    const run = model.forward(
      tokens.map((row) => row.slice(5)),
      { prefix, hooks: editHooks([edit], { nLayers, start: 5 }), logitsAt: 'last' },
    );
    const { dVocab } = model.config;
    const last = Float32Array.from({ length: 2 * dVocab }, (_, i) => {
      const [row, id] = [Math.floor(i / dVocab), i % dVocab];
      return whole.values[(row * 8 + 7) * dVocab + id]!;
    });
    expect(relativeDifference(run.logits!.dataSync(), last)).toBeLessThan(1e-5);
    run.dispose();
    tf.dispose(prefix.layers);
  });
});

describe('an edit that makes no sense', () => {
  beforeAll(async () => void (await openBackend('wasm')));

  const vector = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });
  const pass = { nLayers: 2 };
  const apply = (edit: Partial<Edit>, shape: number[]) => {
    const full: Edit = { hook: 'blocks.0.hook_resid_pre', mode: 'add', value: vector(1, 2), ...edit };
    const hook = Object.values(editHooks([full], pass))[0]!;
    const x = tf.zeros(shape);
    try {
      return hook(x, { name: 'blocks.0.hook_resid_pre', layer: 0 });
    } finally {
      x.dispose();
    }
  };

  it.each<[string, Partial<Edit>, number[], RegExp]>([
    ['a value of another width', {}, [1, 2, 3], /value of shape \[2\], and the activation has \[1, 2, 3\]/],
    [
      'more axes than the activation',
      { value: { shape: [1, 1, 1, 2], values: Float32Array.of(1, 2) } },
      [1, 2, 2],
      /shape \[1, 1, 1, 2\]/,
    ],
    [
      'values that do not fill the shape',
      { value: { shape: [3], values: Float32Array.of(1) } },
      [1, 2, 3],
      /has 1 values for the shape \[3\]/,
    ],
    ['a NaN', { value: vector(1, NaN) }, [1, 1, 2], /not finite/],
    ['a zero vector projected out', { mode: 'project-out', value: vector(0, 0) }, [1, 1, 2], /vector of zeros/],
    [
      'a number projected out',
      { mode: 'project-out', value: { shape: [], values: Float32Array.of(1) } },
      [1, 1, 2],
      /a single number/,
    ],
    [
      'a vector of one entry projected out of more',
      { mode: 'project-out', value: vector(1) },
      [1, 1, 2],
      /value of shape \[1\]/,
    ],
    ['heads where there are none', { heads: [0] }, [1, 1, 2], /names heads, and the activation has none/],
    ['a head beyond the last', { hook: 'blocks.0.attn.hook_z', heads: [4] }, [1, 1, 2, 2], /names head 4; there are 2/],
    ['a row beyond the last', { rows: [1] }, [1, 1, 2], /names row 1; there are 1/],
    ['a negative position', { positions: [-1] }, [1, 1, 2], /has -1 among its positions/],
    ['a row twice', { rows: [0, 0] }, [1, 1, 2], /names one of its rows twice/],
    ['a hook that is none', { hook: 'blocks.0.hook_nothing' }, [1, 1, 2], /"blocks.0.hook_nothing" is not a hook/],
    ['a layer beyond the last', { hook: 'blocks.7.hook_resid_pre' }, [1, 1, 2], /layers 0 to 1/],
  ])('is refused: %s', (_, edit, shape, message) => {
    const live = tf.memory().numTensors;
    expect(() => apply(edit, shape)).toThrow(message);
    if (!/hook_nothing|blocks\.7/.test(edit.hook ?? '')) expect(() => apply(edit, shape)).toThrow(EditError);
    expect(tf.memory().numTensors).toBe(live);
  });
});
