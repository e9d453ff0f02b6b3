/** The shape of a transformer, whatever file it came from. Field names are TransformerLens's where it has them. */
export interface ModelConfig {
  /** Architecture family, e.g. `llama`: for people and records; no component asks for it. */
  family: string;
  nLayers: number;
  nHeads: number;
  /** Key/value heads; `nHeads` for plain multi-head attention. */
  nKvHeads: number;
  dModel: number;
  dHead: number;
  dMlp: number;
  /** Longest context, in tokens. */
  nCtx: number;
  dVocab: number;
  /** `rms`: Zhang and Sennrich 2019; `layer`: Ba et al. 2016, centred, with a bias. */
  norm: { kind: 'rms' | 'layer'; eps: number };
  /** Whether what attention and the MLP add passes a norm of its own before it is added (Gemma-2). */
  postNorms: boolean;
  /** Rotary positions turn queries and keys; learned ones are added to the token embeddings. */
  positions: RotaryPositions | { kind: 'learned' };
  attention: {
    /** What scores q · k are multiplied by; 1/√dHead for most. */
    scale: number;
    /** c of c · tanh(scores / c), or null. */
    softcap: number | null;
    /** A layer an entry: keys that a query sees, its own included; null for all. */
    windows: (number | null)[];
    /** Whether queries and keys pass an RMS norm over dHead before they are turned (Qwen3). */
    qkNorm: boolean;
  };
  /** `gated`: act(x W_gate) · (x W_in); else act(x W_in). */
  mlp: { gated: boolean; activation: Activation };
  /** Which linear maps have biases. */
  biases: { qkv: boolean; o: boolean; mlp: boolean };
  /** What token embeddings are multiplied by; √dModel for Gemma, 1 for most. */
  embedScale: number;
  /** c of c · tanh(logits / c), or null. */
  logitSoftcap: number | null;
  /** Whether the unembedding is the embedding. */
  tiedEmbeddings: boolean;
  bosTokenId: number | null;
  eosTokenIds: number[];
}

/** `gelu`: with the error function; `gelu-tanh`: its approximation, GPT-2's `gelu_new`, Gemma's `gelu_pytorch_tanh`. */
export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

export interface RotaryPositions {
  kind: 'rotary';
  theta: number;
  scaling: RopeScaling | null;
}

/**
 * How angles are changed for contexts longer than the model was first trained on. `dynamic` depends on the length of the whole
 * sequence: theta grows once that is beyond `originalContext` (Hugging Face: `max_position_embeddings`).
 */
export type RopeScaling =
  | { kind: 'linear'; factor: number }
  /** What each pair's frequency is divided by, dHead/2 of them: how GGUF files keep `llama3`. */
  | { kind: 'factors'; factors: number[] }
  | { kind: 'dynamic'; factor: number; originalContext: number }
  | {
      kind: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalContext: number;
    };
