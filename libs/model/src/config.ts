/** The shape of a transformer, whatever file it came from. Field names are TransformerLens's. */
export interface ModelConfig {
  /** Architecture family, e.g. `llama`. */
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
  rmsNormEps: number;
  ropeTheta: number;
  /** Whether q, k, v and o have biases. */
  attentionBias: boolean;
  /** Whether the MLP's three matrices have biases. */
  mlpBias: boolean;
  /** Whether the unembedding is the embedding. */
  tiedEmbeddings: boolean;
  bosTokenId: number | null;
  eosTokenIds: number[];
}
