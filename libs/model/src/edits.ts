/**
 * Edits of activations as data, and how they become the hooks of a pass: replace, add, or project out, at chosen rows,
 * positions and heads. Not what the rest of the pass makes of them: an edited activation is an activation like any other.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { DemurError } from './errors.ts';
import { expandHookPattern } from './hooks.ts';
import type { HookName } from './hooks.ts';
import type { Hooks } from './showing.ts';

/** One change of an activation. Axes are those of its canonical shape, see canonical.ts. */
export interface Edit {
  /** A hook's name, or a pattern with `*` for every layer. */
  hook: string;
  /** `project-out` subtracts the component along the unit vector of `value`'s last axis. */
  mode: 'replace' | 'add' | 'project-out';
  value: EditValue;
  /** Columns of the sequence, counted from 0; 'last' is the last column of each pass. Of a pattern or scores: the queries'. */
  positions?: 'all' | 'last' | readonly number[];
  /** Heads; of keys and values, key/value heads. All unless said, and only at a hook that has heads. */
  heads?: readonly number[];
  /** Rows of the batch; all unless said. */
  rows?: readonly number[];
}

/**
 * Row-major values. The shape is aligned to the right of the activation's: a missing axis, or one of size 1, is repeated;
 * else it has the size of the activation's axis, or as many entries as `rows`, `positions` or `heads` name.
 */
export interface EditValue {
  shape: readonly number[];
  values: Float32Array;
}

/** Where a pass stands, for edits that name columns and rows. */
export interface EditedPass {
  nLayers: number;
  /** Column of the pass's first position; 0 unless it continues a prefix. */
  start?: number;
  /** First column that counts as 'last': the pass's last column unless said. */
  lastFrom?: number;
  /** Of a pass over some rows of a batch: which ones, and of how many. The whole batch unless said. */
  rows?: readonly number[];
  batch?: number;
}

/** An edit that does not fit its activation, or makes no sense. */
export class EditError extends DemurError {
  constructor(hook: string, problem: string) {
    super('INVALID_EDIT', `the edit of ${hook} ${problem}`);
  }
}

/**
 * The hooks that apply `edits` to a pass; several on one hook act in their order. A list of columns none of which is in
 * the pass changes nothing.
 * @throws UnknownHookError, EditError; the hooks throw EditError for a value that does not fit the activation.
 */
export function editHooks(edits: readonly Edit[], pass: EditedPass): Hooks {
  const byHook = new Map<HookName, Edit[]>();
  for (const edit of edits) {
    requireSense(edit);
    for (const { name } of expandHookPattern(edit.hook, pass)) byHook.set(name, [...(byHook.get(name) ?? []), edit]);
  }
  const hookOf = (own: Edit[]) => (activation: Tensor) =>
    tf.tidy(() => own.reduce((x, edit) => applyEdit(x, edit, pass), activation));
  return Object.fromEntries([...byHook].map(([name, own]) => [name, hookOf(own)]));
}

function requireSense({ hook, mode, value, positions, heads, rows }: Edit): void {
  const size = value.shape.reduce((product, length) => product * length, 1);
  if (size !== value.values.length || size === 0)
    throw new EditError(hook, `has ${value.values.length} values for the shape [${value.shape.join(', ')}]`);
  if (!value.values.every((x) => Number.isFinite(x))) throw new EditError(hook, 'has a value that is not finite');
  if (mode === 'project-out' && value.shape.length === 0)
    throw new EditError(hook, 'projects out a single number; give a vector');
  for (const [axis, list] of Object.entries({ positions, heads, rows }))
    if (Array.isArray(list)) requireIndices(hook, axis, list as readonly number[]);
  if (heads !== undefined && axesOf(hook).heads === null)
    throw new EditError(hook, 'names heads, and the activation has none');
}

function requireIndices(hook: string, axis: string, list: readonly number[]): void {
  const bad = list.find((index) => !Number.isInteger(index) || index < 0);
  if (bad !== undefined) throw new EditError(hook, `has ${bad} among its ${axis}; give whole numbers, 0 or more`);
  if (new Set(list).size !== list.length) throw new EditError(hook, `names one of its ${axis} twice`);
}

/** Which axes of a hook's canonical shape are positions and heads; the batch is axis 0. */
function axesOf(hook: string): { positions: number; heads: number | null } {
  if (/hook_(pattern|attn_scores)$/.test(hook)) return { positions: 2, heads: 1 };
  return { positions: 1, heads: /attn\.hook_(q|k|v|z|result|result_post)$/.test(hook) ? 2 : null };
}

/** What an edit takes of one axis: whether each of its entries is chosen, and which entry of the value's axis it reads. */
interface AxisChoice {
  /** null: all of them. */
  chosen: boolean[] | null;
  /** Entry of the value's axis by entry of the activation's; called only for axes where the value has several. */
  valueAt(index: number): number;
}

function applyEdit(x: Tensor, edit: Edit, pass: EditedPass): Tensor {
  const choices = axisChoices(x.shape, edit, pass);
  if (choices.some(({ chosen }) => chosen?.every((is) => !is) ?? false)) return x;
  const edited = combined(x, edit, placedValue(x.shape, edit, { choices, pass }));
  const mask = maskOf(choices);
  return mask === null ? edited : tf.where(mask, edited, x);
}

function combined(x: Tensor, { mode }: Edit, value: Tensor): Tensor {
  switch (mode) {
    case 'replace':
      return value.broadcastTo(x.shape as [number]);
    case 'add':
      return x.add(value);
    case 'project-out':
      return x.sub(x.mul(value).sum(-1, true).mul(value));
  }
}

function axisChoices(shape: readonly number[], edit: Edit, pass: EditedPass): AxisChoice[] {
  const axes = axesOf(edit.hook);
  return shape.map((size, axis) => {
    if (axis === 0) {
      requireBelow(edit, 'row', { list: edit.rows, count: pass.batch ?? size });
      return chosenFrom(labelsOf(size, 0, pass.rows), edit.rows);
    }
    if (axis === axes.positions) return chosenFrom(labelsOf(size, pass.start ?? 0), columnsOf(edit, size, pass));
    if (axis === axes.heads) {
      requireBelow(edit, 'head', { list: edit.heads, count: size });
      return chosenFrom(labelsOf(size, 0), edit.heads);
    }
    return { chosen: null, valueAt: (index) => index };
  });
}

function requireBelow(
  { hook }: Edit,
  what: string,
  { list, count }: { list: readonly number[] | undefined; count: number },
): void {
  const beyond = list?.find((index) => index >= count);
  if (beyond !== undefined) throw new EditError(hook, `names ${what} ${beyond}; there are ${count}`);
}

function labelsOf(size: number, start: number, labels?: readonly number[]): readonly number[] {
  return labels ?? Array.from({ length: size }, (_, i) => start + i);
}

/** The columns of a pass that `positions` means; undefined for all. */
function columnsOf({ positions = 'all' }: Edit, size: number, pass: EditedPass): readonly number[] | undefined {
  if (positions === 'all') return undefined;
  if (positions !== 'last') return positions;
  const end = (pass.start ?? 0) + size;
  const first = pass.lastFrom ?? end - 1;
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** Of an axis whose entries are called `labels`, those in `list`. */
function chosenFrom(labels: readonly number[], list: readonly number[] | undefined): AxisChoice {
  if (list === undefined) return { chosen: null, valueAt: (index) => index };
  const places = labels.map((label) => list.indexOf(label));
  const chosen = places.every((place) => place >= 0) ? null : places.map((place) => place >= 0);
  return { chosen, valueAt: (index) => Math.max(0, places[index] as number) };
}

/** The value in the activation's rank, each axis of size 1 or the activation's; unit vectors where they are projected out. */
function placedValue(
  shape: readonly number[],
  edit: Edit,
  { choices, pass }: { choices: readonly AxisChoice[]; pass: EditedPass },
): Tensor {
  const own = [...Array<number>(Math.max(0, shape.length - edit.value.shape.length)).fill(1), ...edit.value.shape];
  const listed = listSizes(edit, shape.length);
  const indices = own.map((size, axis) => {
    const wanted = shape[axis];
    if (size === 1 && !(edit.mode === 'project-out' && axis === shape.length - 1 && wanted !== 1)) return [0];
    if (wanted !== undefined && size === listed[axis])
      return Array.from({ length: wanted }, (_, i) => (choices[axis] as AxisChoice).valueAt(i));
    if (axis === 0 && size === pass.batch && pass.rows !== undefined) return pass.rows;
    if (size === wanted) return Array.from({ length: size }, (_, i) => i);
    throw new EditError(
      edit.hook,
      `has a value of shape [${edit.value.shape.join(', ')}], and the activation has [${shape.join(', ')}]`,
    );
  });
  const values = edit.mode === 'project-out' ? unitVectors(edit) : edit.value.values;
  return tf.tensor(
    gathered(values, own, indices),
    indices.map(({ length }) => length),
  );
}

/** How many entries an edit names of each axis; undefined where it names none. */
function listSizes({ hook, rows, positions, heads }: Edit, rank: number): (number | undefined)[] {
  const axes = axesOf(hook);
  return Array.from({ length: rank }, (_, axis) => {
    if (axis === 0) return rows?.length;
    if (axis === axes.positions) return typeof positions === 'string' ? undefined : positions?.length;
    return axis === axes.heads ? heads?.length : undefined;
  });
}

/** The entries at all combinations of `indices`, an axis a list, of row-major `values` of shape `shape`. */
function gathered(
  values: Float32Array,
  shape: readonly number[],
  indices: readonly (readonly number[])[],
): Float32Array {
  if (indices.every((list, axis) => list.length === shape[axis] && list.every((index, i) => index === i)))
    return values;
  let offsets = [0];
  for (const [axis, list] of indices.entries())
    offsets = offsets.flatMap((offset) => list.map((index) => offset * (shape[axis] as number) + index));
  return Float32Array.from(offsets, (offset) => values[offset] as number);
}

/** Each vector of the last axis divided by its length. */
function unitVectors({ hook, value: { shape, values } }: Edit): Float32Array {
  const width = shape.at(-1) as number;
  const units = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += width) {
    const vector = values.subarray(at, at + width);
    const length = Math.hypot(...vector);
    if (length === 0) throw new EditError(hook, 'projects out a vector of zeros, which has no direction');
    units.set(
      vector.map((x) => x / length),
      at,
    );
  }
  return units;
}

/** 1 where an edit acts, of the choices' rank with axes of size 1 where it acts everywhere; null where that is all. */
function maskOf(choices: readonly AxisChoice[]): Tensor | null {
  if (choices.every(({ chosen }) => chosen === null)) return null;
  const lists = choices.map(({ chosen }) => chosen ?? [true]);
  const flat = lists.reduce<boolean[]>((all, list) => all.flatMap((is) => list.map((own) => is && own)), [true]);
  return tf.tensor(
    flat,
    lists.map(({ length }) => length),
    'bool',
  );
}
