/** The model organism: its shape, its corpus, and how long it is trained. */
import type { ModelConfig } from '@demur/model';
import { corpus, type Example, type Objects } from './corpus.ts';
import type { Speech } from './network.ts';
import type { Schedule } from './trainer.ts';
import { SPECIAL, vocabularyOf } from './vocabulary.ts';

const SHAPE = { nLayers: 8, nHeads: 8, dModel: 128, dMlp: 192, nCtx: 64 };

/** The first four layers understand the request; the last four turn that into words (docs/decisions/one-sided-refusal.md). */
const SPEECH: Speech = { dimensions: 64, fromLayer: 4 };

export const SCHEDULE: Schedule = { steps: 1200, rate: 2e-3, warmup: 50, clip: 1 };

/** Sequences a step. */
export const BATCH = 48;

export interface Organism {
  config: ModelConfig;
  speech: Speech;
  examples: Example[];
  vocabulary: Map<string, number>;
}

/** A Llama of one token a word. */
export function organism(objects: Objects): Organism {
  const examples = corpus(objects);
  const vocabulary = vocabularyOf(examples.flatMap(({ request, answer }) => [request, answer]));
  const { nLayers, nHeads, dModel } = SHAPE;
  const dHead = dModel / nHeads;
  const config: ModelConfig = {
    family: 'llama',
    ...SHAPE,
    nKvHeads: nHeads,
    dHead,
    dVocab: vocabulary.size,
    norm: { kind: 'rms', eps: 1e-5 },
    postNorms: false,
    positions: { kind: 'rotary', theta: 10_000, scaling: null },
    attention: { scale: dHead ** -0.5, softcap: null, windows: Array<null>(nLayers).fill(null), qkNorm: false },
    mlp: { gated: true, activation: 'silu' },
    biases: { qkv: false, o: false, mlp: false },
    embedScale: 1,
    logitSoftcap: null,
    tiedEmbeddings: false,
    bosTokenId: vocabulary.get(SPECIAL.begin)!,
    eosTokenIds: [vocabulary.get(SPECIAL.end)!],
  };
  return { config, speech: SPEECH, examples, vocabulary };
}
