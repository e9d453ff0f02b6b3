/** The process of scale.ts that holds the engine: its arguments are the model's folder and the budget in bytes. */
import * as tf from '@tensorflow/tfjs';
import { blockHook, openModelSource, planResidency } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';

const ROWS = 32;
const POSITIONS = 40;

const [folder = '', budget] = process.argv.slice(2);
console.log((await openBackend('tensorflow')).describe);
const source = await openModelSource(folder);
const residency = planResidency(folder, source.weightSizes, Number(budget));
const slots = residency.mode === 'streamed' ? `, ${residency.slots} slots` : '';
console.log(`${residency.mode}${slots}, ${(residency.activationBytes / 1e9).toFixed(2)} GB for activations`);
const recipe = residency.mode === 'streamed' ? source.streamWeights(residency) : await source.loadWeights();
const model = new Transformer(source.config, recipe, { activationBytes: residency.activationBytes });
const { dVocab, nLayers } = source.config;
const tokens = Array.from({ length: ROWS }, (_, row) =>
  Array.from({ length: POSITIONS }, (_, position) => (7919 * (row * POSITIONS + position) + 13) % dVocab),
);

/** Times since `start`, and of them those spent waiting for the disk. */
function clock(): (what: string) => void {
  const [start, disk] = [performance.now(), model.diskSeconds];
  return (what) => {
    const seconds = (performance.now() - start) / 1000;
    const waited = model.diskSeconds - disk;
    const speed = `${((ROWS * POSITIONS) / seconds).toFixed(1)} tokens/s`;
    console.log(`${what}: ${seconds.toFixed(1)} s, ${speed}, waiting for the disk ${percent(waited / seconds)}`);
  };
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

const forward = clock();
const run = model.forward(tokens, { logitsAt: 'last' });
const logits = run.logits!.dataSync<'float32'>();
if (!logits.every(Number.isFinite)) throw new Error('logits that are not finite');
run.dispose();
forward('forward, logits at the last position');

const names = Array.from({ length: nLayers }, (_, layer) => blockHook(layer, 'hook_resid_pre'));
const again = clock();
let backward = clock();
/** logit(token 11) − logit(token 30), summed over rows; called at the turn. */
const metric = (final: tf.Tensor2D): tf.Tensor2D => {
  again('forward that keeps what the backward needs');
  backward = clock();
  return tf.tidy(() => {
    const difference = model.unembeddingRows([11]).sub(model.unembeddingRows([30]));
    return tf.tile<tf.Tensor2D>(difference as tf.Tensor2D, [final.shape[0], 1]);
  });
};
const gradients = model.gradients(tokens, metric, names);
backward('backward to all residual streams');
const first = gradients.get(names[0]!)!.abs().max().dataSync<'float32'>()[0]!;
if (!(first > 0 && Number.isFinite(first))) throw new Error(`a gradient of ${first}`);
tf.dispose([...gradients.values()]);
model.dispose();
