/** One shard of a generation experiment: the completions of its pairs, with the spec's patches and interventions. */
import type { Transformer } from '@demur/model/engine';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { interventionEdits } from '../steering/interventions.ts';
import { completeRows, samplingOf } from './complete.ts';
import { addCompletions } from './completions.ts';
import { patchEdits, readPatches } from './prompt-patches.ts';

type GenerationSpec = Extract<ExperimentSpec, { kind: 'generation' }>;

export async function generationShard(
  model: Transformer,
  { options, seed }: GenerationSpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { maxTokens, stopTokens, interventions } = options;
  const edits = interventions.flatMap((own) => interventionEdits(own, [own.coefficient]));
  const patches = await readPatches(model, options, shard, work);
  const rows = shard.pairs.map(({ index, pair }, i) => ({
    ...{ prompt: pair[options.run], stream: index, patches: patches[i]! },
  }));
  const made = await completeRows(model, rows, {
    ...{ maxTokens, work, sampling: samplingOf(options, seed), stopTokens: stopTokens as number[] },
    editsOf: (batch) => [
      ...patchEdits(
        batch.map((row) => row.patches),
        model.config.dModel,
      ),
      ...edits,
    ],
  });
  const arrays: ShardArrays = {};
  addCompletions(arrays, [rows.length], made, Math.min(maxTokens, model.config.nCtx));
  return arrays;
}
