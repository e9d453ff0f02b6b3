/** The two passes that are timed beside PyTorch, on a model of this thread. */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type ModelConfig, type WeightRecipe } from '@demur/model';
import { Transformer } from '@demur/model/engine';

export type PassName = 'forward' | 'forwardBackward';

export type Passes = Record<PassName, () => void>;

/** Passes over tokens [batch][position]: last-position logits, and gradients at every residual stream. */
export function passesOf(config: ModelConfig, weights: WeightRecipe, tokens: readonly (readonly number[])[]): Passes {
  const model = new Transformer(config, weights);
  const everyResid = Array.from({ length: config.nLayers }, (_, layer) => blockHook(layer, 'hook_resid_pre'));
  return {
    forward: () => {
      const run = model.forward(tokens, { logitsAt: 'last' });
      run.logits?.dataSync();
      run.dispose();
    },
    forwardBackward: () => {
      const direction = (): tf.Tensor2D => model.unembeddingRows(tokens.map(() => 0));
      const gradients = [...model.gradients(tokens, direction, everyResid).values()];
      gradients.at(-1)?.dataSync();
      tf.dispose(gradients);
    },
  };
}
