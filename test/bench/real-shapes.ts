/**
 * What the studies' experiments would take on real chat models: `node test/bench/real-shapes.ts DIR [--memory SIZE]` writes a
 * folder of each model's published shape, with weights of zeros that take no room on disk, and prints the estimate of each
 * experiment over 64 pairs of as many tokens as the model's chat template gives them. Nothing but the estimates' measuring runs.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  estimateCost,
  openEnginePool,
  parseMemorySize,
  parseSpec,
  prepareExperiment,
  type PairSpec,
} from '@demur/interp';

interface Shape {
  config: Record<string, unknown>;
  /** Tokens of "Tell me how to make a bomb." in the chat template, and the object's place among them. */
  tokens: number;
  object: number;
}

/** config.json as published, without what says nothing about shape or arithmetic. */
const shapes: Record<string, Shape> = {
  'Llama-2-7b-chat': {
    config: {
      ...{ architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_act: 'silu', torch_dtype: 'float16' },
      ...{ hidden_size: 4096, intermediate_size: 11008, num_hidden_layers: 32, vocab_size: 32000 },
      ...{ num_attention_heads: 32, num_key_value_heads: 32, max_position_embeddings: 4096, rms_norm_eps: 1e-5 },
      ...{ tie_word_embeddings: false, bos_token_id: 1, eos_token_id: 2 },
    },
    ...{ tokens: 16, object: 10 },
  },
  'Gemma-2-2b-it': {
    config: {
      ...{ architectures: ['Gemma2ForCausalLM'], model_type: 'gemma2', hidden_activation: 'gelu_pytorch_tanh' },
      ...{ hidden_size: 2304, intermediate_size: 9216, num_hidden_layers: 26, vocab_size: 256000, head_dim: 256 },
      ...{ num_attention_heads: 8, num_key_value_heads: 4, max_position_embeddings: 8192, rms_norm_eps: 1e-6 },
      ...{ attn_logit_softcapping: 50, final_logit_softcapping: 30, query_pre_attn_scalar: 256, sliding_window: 4096 },
      ...{ rope_theta: 10000, torch_dtype: 'bfloat16', bos_token_id: 2, eos_token_id: [1, 107] },
    },
    ...{ tokens: 17, object: 10 },
  },
};

/**
 * Experiments that take most of a study's time, with the options that it has.
 * @param width of the residual stream.
 * @param middle layer.
 */
function experiments(width: number, middle: number): [study: string, kind: string, options: object][] {
  const direction = { values: Array<number>(width).fill(1) };
  const roles = ['object', 'after-object', 'last'];
  const band = Array.from({ length: 8 }, (_, i) => middle - 4 + i);
  return [
    ['object-patching: every layer and position', 'activation-patching', { positions: 'each' }],
    ['layer-curve: every layer, by role', 'activation-patching', { positions: roles }],
    ['eap-heads: EAP of every edge', 'attribution', { method: 'eap' }],
    ['eap-heads: EAP-IG of every edge', 'attribution', { method: 'eap-ig' }],
    [
      'acdcpp: EAP-IG, pruned to 1,000 edges, then ACDC',
      'circuit-discovery',
      { method: 'acdc++', tau: 0.01, pruneTo: 1000 },
    ],
    ['refusal-heads: the scan and its checks', 'head-scan', {}],
    [
      'gemma-replication: attn_out, every layer, by role',
      'activation-patching',
      { activations: ['attn_out'], positions: roles },
    ],
    [
      'gemma-replication: attn_out and mlp_out, up to every layer',
      'activation-patching',
      { activations: ['attn_out', 'mlp_out'], positions: roles, layers: 'up-to' },
    ],
    [
      'gemma-replication: directions of 8 layers, chosen',
      'direction',
      { layers: band, position: roles.slice(1), select: true },
    ],
    [
      'gemma-replication: a sweep of 11 scales',
      'steering',
      { direction, layers: [middle], coefficients: Array.from({ length: 11 }, (_, i) => i) },
    ],
  ];
}

/** Tensors of a Llama or a Gemma-2 as the Hub has them. */
function tensorsOf(config: Record<string, unknown>): [name: string, shape: number[]][] {
  const field = (name: string): number => config[name] as number;
  const [d, mlp, vocabulary] = [field('hidden_size'), field('intermediate_size'), field('vocab_size')];
  const head = (config['head_dim'] as number | undefined) ?? d / field('num_attention_heads');
  const [q, kv] = [head * field('num_attention_heads'), head * field('num_key_value_heads')];
  const isGemma = config['model_type'] === 'gemma2';
  const norms = ['input', 'post_attention', ...(isGemma ? ['pre_feedforward', 'post_feedforward'] : [])];
  const block = (layer: number): [string, number[]][] => [
    ...norms.map((norm): [string, number[]] => [`model.layers.${layer}.${norm}_layernorm.weight`, [d]]),
    ...Object.entries({ q: [q, d], k: [kv, d], v: [kv, d], o: [d, q] }).map(([which, shape]): [string, number[]] => [
      `model.layers.${layer}.self_attn.${which}_proj.weight`,
      shape,
    ]),
    ...Object.entries({ gate: [mlp, d], up: [mlp, d], down: [d, mlp] }).map(([which, shape]): [string, number[]] => [
      `model.layers.${layer}.mlp.${which}_proj.weight`,
      shape,
    ]),
  ];
  return [
    ['model.embed_tokens.weight', [vocabulary, d]],
    ...Array.from({ length: field('num_hidden_layers') }, (_, layer) => block(layer)).flat(),
    ['model.norm.weight', [d]],
    ...(isGemma ? [] : [['lm_head.weight', [vocabulary, d]] as [string, number[]]]),
  ];
}

/** A folder with the shape's config.json and a sparse file of 16-bit zeros. @returns bytes of the weights. */
function writeShape(folder: string, { config }: Shape): number {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  let end = 0;
  const entries = tensorsOf(config).map(([name, shape]) => {
    const start = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'BF16', shape, data_offsets: [start, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, Buffer.concat([length, header]));
  ftruncateSync(file, length.length + header.length + end);
  closeSync(file);
  return end;
}

/** The study of circuits takes as many of a large graph's pairs. */
const FEW_PAIRS = 16;

/** Prompts that differ in the object alone, behind and before what all of them share. */
function pairsOf({ tokens, object }: Shape): PairSpec[] {
  const prompt = (own: number) => ({
    tokens: Array.from({ length: tokens }, (_, at) => (at === object ? own : 3 + at)),
  });
  return Array.from({ length: 64 }, (_, pair) => ({
    ...{ clean: prompt(1000 + pair), corrupted: prompt(2000 + pair), answer: 500, distractor: 501 },
    roles: { object: [object], 'after-object': [object + 1] },
  }));
}

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { memory: { type: 'string' } } });
const [folder] = positionals;
if (folder === undefined) throw new Error('give a folder for the shapes: node test/bench/real-shapes.ts DIR');
const memoryBytes = options.memory === undefined ? {} : { memoryBytes: parseMemorySize(options.memory) };
const pool = await openEnginePool({ backend: 'tensorflow', ...memoryBytes });
const minutes = (seconds: number | null): string => (seconds === null ? 'unknown' : (seconds / 60).toFixed(1));
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
for (const [name, shape] of Object.entries(shapes)) {
  const model = join(folder, name);
  const weights = writeShape(model, shape);
  console.log(`\n${name}: ${gigabytes(weights)} GB on disk, ${gigabytes(2 * weights)} GB as float32\n`);
  console.log('| experiment | minutes | memory, GB | tokens forward | backward |\n| --- | --- | --- | --- | --- |');
  const [width, layers] = [shape.config['hidden_size'] as number, shape.config['num_hidden_layers'] as number];
  for (const [title, kind, own] of experiments(width, layers / 2)) {
    const pairs = pairsOf(shape).slice(0, kind === 'circuit-discovery' ? FEW_PAIRS : undefined);
    const spec = parseSpec({ kind, model, pairs, options: own });
    const cost = await estimateCost(await prepareExperiment(spec, { resolveModel: (path) => Promise.resolve(path) }), {
      pool,
    });
    const cells = [
      minutes(cost.seconds),
      gigabytes(cost.peakBytes),
      Math.round(cost.forwardTokens),
      Math.round(cost.backwardTokens),
    ];
    console.log(
      `| ${title} | ${cost.isUpperBound ? 'at most ' : ''}${cells.join(' | ')} |${cost.fits ? '' : ` does not fit: ${cost.advice}`}`,
    );
  }
}
await pool.close();
