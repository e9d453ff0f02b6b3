/**
 * The process of `scale.ts --eap` that holds the engine: EAP of every edge over 16 pairs whose 10 last tokens stand behind a
 * shared prefix, and the order of the edges. Its arguments are the model's folder and the budget in bytes.
 */
import * as tf from '@tensorflow/tfjs';
import { buildGraph, parseSpec } from '@demur/interp';
import { openModelSource, planResidency } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';
import { planRun } from '../../libs/interp/src/cost/plan-run.ts';
import type { ModelRef } from '../../libs/interp/src/engine/protocol.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { edgeCells } from '../../libs/interp/src/formats/scored-circuit.ts';
import { strengthOrder, strongest } from '../../libs/interp/src/graph/score-order.ts';
import type { ResolvedPair } from '../../libs/interp/src/dataset/resolved-pair.ts';
import { tokenPairs } from './growth.ts';

const PROMPTS = { pairs: 16, prefix: 30, suffix: 10 };

const [folder = '', budget] = process.argv.slice(2);
console.log((await openBackend('tensorflow')).describe);
const source = await openModelSource(folder);
const { config } = source;
const residency = planResidency(folder, source.weightSizes, Number(budget));
const recipe = residency.mode === 'streamed' ? source.streamWeights(residency) : await source.loadWeights();
const model = new Transformer(config, recipe, { activationBytes: residency.activationBytes });
const pairSpecs = tokenPairs(PROMPTS);
const options = { kvHeads: 'expanded' };
const spec = parseSpec({ kind: 'attribution', model: folder, pairs: pairSpecs, options });
const pairs = pairSpecs.map(({ clean, corrupted, answer, distractor }) => ({
  ...{ clean: tokensOf(clean), corrupted: tokensOf(corrupted), answer, distractor },
  firstDifference: PROMPTS.prefix,
})) as ResolvedPair[];
const ref = { config, residency } as unknown as ModelRef;
const { shards } = planRun({ shardSpec: spec, pairs, config, model: ref, workers: 1 });

function tokensOf(prompt: (typeof pairSpecs)[0]['clean']): number[] {
  if ('tokens' in prompt) return prompt.tokens;
  throw new TypeError('a prompt without tokens');
}

/** Seconds in products over all rows of senders and receivers, from now on. */
function watchScoring(): () => number {
  const engine = tf.engine();
  const original = engine.runKernel.bind(engine);
  let seconds = 0;
  engine.runKernel = ((name, inputs, attrs) => {
    const start = performance.now();
    const result = original(name, inputs, attrs);
    const width = (inputs as { a?: tf.TensorInfo }).a?.shape.at(-1) ?? 0;
    if (name === 'BatchMatMul' && width >= config.dModel * PROMPTS.suffix)
      seconds += (performance.now() - start) / 1000;
    return result;
  }) as typeof engine.runKernel;
  return () => seconds;
}

const scoring = watchScoring();
const start = performance.now();
const graph = buildGraph(config, 'expanded');
const scores = new Float32Array(graph.mask.length);
for (const shard of shards) {
  const running = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };
  const arrays = await executeShard(model, spec, shard, running);
  for (const [cell, score] of arrays['scores']!.values.entries()) scores[cell]! += score / pairs.length;
}
const scored = performance.now();
const cells = edgeCells(graph);
const order = strengthOrder(scores, cells);
const ordered = performance.now();
const top = strongest(scores, cells, 1000);
const topSeconds = (performance.now() - ordered) / 1000;
if (!order.every((cell) => Number.isFinite(scores[cell]))) throw new Error('scores that are not finite');
if (!top.every((cell, at) => cell === order[at])) throw new Error('the strongest edges are not the first of the order');
const total = (ordered - start) / 1000;
const ranking = (ordered - scored) / 1000;
console.log(`${residency.mode}; ${shards.length} shards of ${PROMPTS.pairs} pairs; ${graph.edgeCount} edges`);
console.log(
  `EAP and the order of its edges: ${total.toFixed(1)} s, waiting for the disk ${model.diskSeconds.toFixed(1)} s`,
);
console.log(
  `scoring ${scoring().toFixed(1)} s and ranking ${ranking.toFixed(3)} s: ${percent((scoring() + ranking) / total)}`,
);
console.log(`top 1,000: ${(1000 * topSeconds).toFixed(1)} ms`);
model.dispose();

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
