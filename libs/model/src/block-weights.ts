/** A block out of named weights: which weights a configuration asks for. Not where they come from: `tensorOf` says. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Block } from './block.ts';
import type { NormWeights } from './components/norm.ts';
import type { ModelConfig } from './config.ts';

/** The weight of a name, e.g. `blocks.3.attn.W_Q`, in the shape that the store has. */
export type TensorOf = <T extends Tensor>(name: string) => T;

/** A norm of the residual stream, by its weights' name: `ln_final`, or one of a block's. */
export function normFrom({ norm }: ModelConfig, name: string, tensorOf: TensorOf): NormWeights {
  const vector = (part: 'w' | 'b'): Tensor1D => tensorOf(`${name}.${part}`);
  return { ...norm, w: vector('w'), b: norm.kind === 'layer' ? vector('b') : undefined };
}

/** The block of layer `layer`; asks `tensorOf` for exactly the weights that the configuration names. */
export function blockFrom(config: ModelConfig, layer: number, tensorOf: TensorOf): Block {
  const { nHeads, nKvHeads, dHead, postNorms, biases } = config;
  const { scale, softcap, windows, qkNorm } = config.attention;
  const { gated, activation } = config.mlp;
  const of: TensorOf = (name) => tensorOf(`blocks.${layer}.${name}`);
  const matrix = (name: string): Tensor2D => of(name);
  const vector = (name: string): Tensor1D => of(name);
  const bias = (has: boolean, name: string): Tensor1D | undefined => (has ? vector(name) : undefined);
  const norm = (name: string): NormWeights => normFrom(config, name, of);
  // An RMS norm over dHead, whatever the norm of the residual stream.
  const headNorm = (name: string): NormWeights => ({ kind: 'rms', eps: config.norm.eps, w: vector(name) });
  return {
    ln1: norm('ln1'),
    attn: {
      ...{ nHeads, nKvHeads, dHead, scale, softcap, window: windows[layer] ?? null },
      W_Q: matrix('attn.W_Q'),
      W_K: matrix('attn.W_K'),
      W_V: matrix('attn.W_V'),
      W_O: matrix('attn.W_O'),
      b_Q: bias(biases.qkv, 'attn.b_Q'),
      b_K: bias(biases.qkv, 'attn.b_K'),
      b_V: bias(biases.qkv, 'attn.b_V'),
      b_O: bias(biases.o, 'attn.b_O'),
      qNorm: qkNorm ? headNorm('attn.q_norm.w') : undefined,
      kNorm: qkNorm ? headNorm('attn.k_norm.w') : undefined,
    },
    ln1Post: postNorms ? norm('ln1_post') : undefined,
    ln2: norm('ln2'),
    mlp: {
      activation,
      W_gate: gated ? matrix('mlp.W_gate') : undefined,
      W_in: matrix('mlp.W_in'),
      W_out: matrix('mlp.W_out'),
      b_gate: bias(gated && biases.mlp, 'mlp.b_gate'),
      b_in: bias(biases.mlp, 'mlp.b_in'),
      b_out: bias(biases.mlp, 'mlp.b_out'),
    },
    ln2Post: postNorms ? norm('ln2_post') : undefined,
  };
}
