/**
 * What a kind of experiment needs around its shards, on the thread that has no tensors: what it refuses, its rounds, how its
 * arrays are merged, and what result.json says of them. What a shard computes is in execute-shard.ts's table.
 */
import type { ModelConfig, Tokenizer } from '@demur/model';
import type { NamedArray } from '../named-array.ts';
import type { KindResult } from '../result.ts';
import type { ExperimentKind, ExperimentSpec } from '../spec.ts';
import type { SpecIssue } from '../spec/errors.ts';

/** The spec of a kind. */
export type SpecOf<K extends ExperimentKind> = Extract<ExperimentSpec, { kind: K }>;

/** How the arrays of one name are merged: along the axis over pairs, by mean over them, or as the sum of what shards have. */
export type MergeRule = 'firstAxis' | 'secondAxis' | 'lastAxis' | 'mean' | 'sum';

/** What the spec is checked against before anything runs. */
export interface Fit {
  config: ModelConfig;
  /** Tokens of the longest prompt. */
  columns: number;
}

export interface SummaryContext<K extends ExperimentKind> {
  /** What the shards ran: edges by name, directions by value. */
  shardSpec: SpecOf<K>;
  config: ModelConfig;
  tokenizer: Tokenizer | null;
  pairCount: number;
  signal: AbortSignal | undefined;
}

export interface Kind<K extends ExperimentKind> {
  /** What of the options the model or its prompts do not have. */
  issues?(spec: SpecOf<K>, fit: Fit): SpecIssue[];
  /**
   * The names of its rounds, of which there is one unless said: all shards run once a round, each given the merged arrays of
   * the rounds before (`shard.given`), for what depends on all pairs.
   */
  rounds?(spec: SpecOf<K>): string[];
  /**
   * Those of its rounds whose shards run at the same time, a worker each, and exchange what they find (`work.exchange`), so
   * that all of them find the same: the arrays of one are the round's.
   */
  together?: readonly string[];
  /** How the arrays of a name are merged. */
  mergeRule(name: string): MergeRule;
  /** What result.json says beside what all kinds have. May take arrays out, and add some. */
  summarise?(
    spec: SpecOf<K>,
    arrays: Record<string, NamedArray>,
    context: SummaryContext<K>,
  ): KindResult | Promise<KindResult>;
}
