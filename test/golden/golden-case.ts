/** The reference cases as tests use them: their pairs as a spec has them, and their arrays. See the folder's README. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NamedArray, PairSpec } from '@demur/interp';

const folder = new URL('./open/', import.meta.url);

interface CaseBatch {
  tokens_clean: number[][];
  tokens_corrupted: number[][];
  attention_mask: number[][];
  /** By array: the largest difference of the reference's float32 and float64 runs, and the largest value. */
  f32_minus_f64_maxabs_and_scale: Record<string, [number, number]>;
}

interface CaseJson {
  T: number;
  answer_token: number[];
  other_token: number[];
  n_kv_heads: number;
  n_heads: number;
  n_layers: number;
  senders: string[];
  receivers: string[];
  n_edges: number;
  head_z_pos_position: number;
  steer: { layer: number; alpha: number; new_tokens: number };
  batches: Record<string, CaseBatch>;
}

/** `plain`: two prompts of one length. `leftpad`: the second is two tokens shorter, and aligned to the right. */
export type Batch = 'plain' | 'leftpad';

export interface GoldenCase {
  json: CaseJson;
  /** Directory of the model. */
  model: string;
  pairs: PairSpec[];
  /** Tokens of each pair's prompts. */
  lengths: number[];
  arrays: Record<string, NamedArray>;
  /** Token ids that the reference generated, a row a pair, by name. */
  tokens: Record<string, number[][]>;
}

/** One batch of a tiny case. Pad tokens are left out: pairs simply differ in length. */
export function goldenCase(name: string, batch: Batch): GoldenCase {
  const json = JSON.parse(readFileSync(new URL(`${name}/case.json`, folder), 'utf8')) as CaseJson;
  const { tokens_clean, tokens_corrupted, attention_mask } = json.batches[batch]!;
  const own = (tokens: number[], row: number) => tokens.filter((_, at) => attention_mask[row]?.[at] === 1);
  return {
    json,
    model: fileURLToPath(new URL(`${name}/model`, folder)),
    pairs: tokens_clean.map((tokens, row) => ({
      clean: { tokens: own(tokens, row) },
      corrupted: { tokens: own(tokens_corrupted[row]!, row) },
      answer: json.answer_token[row]!,
      distractor: json.other_token[row]!,
    })),
    lengths: tokens_clean.map((tokens, row) => own(tokens, row).length),
    arrays: readArrays(new URL(`${name}/${batch}.safetensors`, folder)),
    tokens: readTokens(new URL(`${name}/${batch}.safetensors`, folder)),
  };
}

/** The float32 and uint8 arrays of a safetensors file, as float32; token ids are left out. */
export function readArrays(file: URL): Record<string, NamedArray> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.fromEntries(
    Object.entries(header).flatMap(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const data = Uint8Array.from(bytes.subarray(start + begin, start + end));
        if (dtype === 'U8') return [[name, { shape, values: Float32Array.from(data) }]];
        return dtype === 'F32' ? [[name, { shape, values: new Float32Array(data.buffer) }]] : [];
      },
    ),
  );
}

/** The int64 matrices of a safetensors file, as lists of rows: token ids. */
export function readTokens(file: URL): Record<string, number[][]> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, Entry>;
  const matrices = Object.entries(header).filter(([, { dtype, shape }]) => dtype === 'I64' && shape.length === 2);
  return Object.fromEntries(
    matrices.map(
      ([
        name,
        {
          shape,
          data_offsets: [begin],
        },
      ]) => {
        const [rows, columns] = shape as [number, number];
        const at = (row: number, column: number) => start + begin + 8 * (row * columns + column);
        const row = (_: unknown, r: number) =>
          Array.from({ length: columns }, (_, c) => Number(bytes.readBigInt64LE(at(r, c))));
        return [name, Array.from({ length: rows }, row)];
      },
    ),
  );
}

/** Layer `layer` of an array whose first axis is the layer. */
export function layerOf({ shape, values }: NamedArray, layer: number): NamedArray {
  const size = values.length / (shape[0] ?? 1);
  return { shape: shape.slice(1), values: values.subarray(layer * size, (layer + 1) * size) };
}

/**
 * The largest difference as a share of the largest reference value. NaN stands for "no token" and is compared with nothing,
 * so there must be exactly `missing` of them: a result that is NaN elsewhere throws.
 */
export function difference(
  got: NamedArray | undefined,
  reference: NamedArray,
  expected: { missing: number } = { missing: 0 },
): { relative: number } {
  if (got === undefined || got.shape.join() !== reference.shape.join())
    throw new Error(`shape [${got?.shape.join()}] instead of [${reference.shape.join()}]`);
  let [largest, scale, missing] = [0, 0, 0];
  for (const [at, value] of got.values.entries()) {
    if (Number.isNaN(value)) missing++;
    else largest = Math.max(largest, Math.abs(value - reference.values[at]!));
    scale = Math.max(scale, Math.abs(reference.values[at]!));
  }
  if (missing !== expected.missing) throw new Error(`${missing} values are NaN instead of ${expected.missing}`);
  return { relative: largest / scale };
}
