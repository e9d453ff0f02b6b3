/** What a check is given to measure with. Types only. */
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { ShardOptions } from '../shard.ts';
import type { Comparison } from './comparison.ts';

export interface Measuring extends ShardOptions {
  model: Transformer;
  pairs: readonly ResolvedPair[];
  /** Reference files, absolute paths. */
  references: readonly string[];
  /** Takes what was found. */
  comparison: Comparison;
}
