/** Writes a Llama of any size with random bfloat16 weights, shard by shard as the Hub has them. The same bytes each time. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface RandomLlama {
  layers: number;
  dModel: number;
  heads: number;
  dMlp: number;
  vocabulary: number;
  /** Bytes of a shard at most, where its tensors allow. */
  shardBytes?: number;
}

/** Elements of the block of random numbers that all tensors are cut from. */
const BLOCK_ELEMENTS = 2 ** 22;
/** Elements between the beginnings of two tensors in the block: odd, so that no two begin at the same one for long. */
const STEP = 1_234_567;

interface TensorPlan {
  name: string;
  shape: number[];
}

/** Writes config.json, the shards and their index into `folder`, which is made. */
export function writeRandomLlama(folder: string, model: RandomLlama): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configOf(model), null, 2));
  const shards = cutIntoShards(tensorsOf(model), model.shardBytes ?? 2e9);
  const block = randomBlock();
  const fileOf = (shard: number): string =>
    `model-${String(shard + 1).padStart(5, '0')}-of-${String(shards.length).padStart(5, '0')}.safetensors`;
  const weightMap: Record<string, string> = {};
  let at = 0;
  for (const [i, tensors] of shards.entries()) {
    at = writeShard(join(folder, fileOf(i)), tensors, { block, at });
    for (const { name } of tensors) weightMap[name] = fileOf(i);
  }
  const index = {
    metadata: { total_size: shards.flat().reduce((sum, t) => sum + bytesOf(t), 0) },
    weight_map: weightMap,
  };
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}

function configOf({ layers, dModel, heads, dMlp, vocabulary }: RandomLlama): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: dModel,
    intermediate_size: dMlp,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    num_hidden_layers: layers,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    vocab_size: vocabulary,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'bfloat16',
  };
}

function tensorsOf({ layers, dModel, dMlp, vocabulary }: RandomLlama): TensorPlan[] {
  const block = (layer: number): TensorPlan[] => {
    const from = `model.layers.${layer}`;
    return [
      { name: `${from}.input_layernorm.weight`, shape: [dModel] },
      ...['q', 'k', 'v', 'o'].map((which) => ({
        name: `${from}.self_attn.${which}_proj.weight`,
        shape: [dModel, dModel],
      })),
      { name: `${from}.post_attention_layernorm.weight`, shape: [dModel] },
      { name: `${from}.mlp.gate_proj.weight`, shape: [dMlp, dModel] },
      { name: `${from}.mlp.up_proj.weight`, shape: [dMlp, dModel] },
      { name: `${from}.mlp.down_proj.weight`, shape: [dModel, dMlp] },
    ];
  };
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, dModel] },
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    { name: 'model.norm.weight', shape: [dModel] },
    { name: 'lm_head.weight', shape: [vocabulary, dModel] },
  ];
}

function bytesOf({ shape }: TensorPlan): number {
  return 2 * shape.reduce((product, size) => product * size, 1);
}

function cutIntoShards(tensors: TensorPlan[], shardBytes: number): TensorPlan[][] {
  const shards: TensorPlan[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > 0 && bytes + bytesOf(tensor) > shardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(tensor);
    bytes += bytesOf(tensor);
  }
  return shards;
}

/** bfloat16 of normal(0, 0.02) by Box and Muller, from a linear congruential generator. */
function randomBlock(): Buffer {
  const block = new Uint16Array(BLOCK_ELEMENTS);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < block.length; i++) {
    float[0] = 0.02 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    block[i] = bits[0]! >>> 16;
  }
  return Buffer.from(block.buffer);
}

/** Writes one shard, and returns where in the block the next one begins. */
function writeShard(file: string, tensors: TensorPlan[], { block, at }: { block: Buffer; at: number }): number {
  let offset = 0;
  const header: Record<string, object> = {};
  for (const tensor of tensors) {
    const end = offset + bytesOf(tensor);
    header[tensor.name] = { dtype: 'BF16', shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const fd = openSync(file, 'w');
  try {
    writeSync(fd, length);
    writeSync(fd, json);
    for (const tensor of tensors) {
      if (tensor.shape.length === 1) writeSync(fd, ones(tensor.shape[0]!));
      else writeFrom(fd, block, { start: (2 * at) % block.length, bytes: bytesOf(tensor) });
      at += STEP;
    }
  } finally {
    closeSync(fd);
  }
  return at;
}

/** bfloat16 ones: a norm's weight. */
function ones(count: number): Uint16Array {
  return new Uint16Array(count).fill(0x3f80);
}

/** Writes `bytes` of the block from `start` on, again and again from its beginning. */
function writeFrom(fd: number, block: Buffer, { start, bytes }: { start: number; bytes: number }): void {
  let from = start;
  for (let left = bytes; left > 0;) {
    const written = writeSync(fd, block, from, Math.min(left, block.length - from));
    left -= written;
    from = (from + written) % block.length;
  }
}
