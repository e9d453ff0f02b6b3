/** What is wrong with a hook's name in a spec, before the model is known. Layers and post-norms are checked once it is: see fit.ts. */
import { expandHookPattern, GRADIENT_HOOKS, UnknownHookError } from '@demur/model';
import type { ModelConfig } from '@demur/model';

/** The sentence that tells what is wrong with `pattern`, or undefined when it names hooks. Without a model any of some model will do. */
export function hookMistake(pattern: string, gradients: boolean, config?: ModelConfig): string | undefined {
  try {
    const [first] = expandHookPattern(pattern, config ?? { nLayers: pattern.includes('*') ? 1 : Infinity });
    if (!gradients || first === undefined || GRADIENT_HOOKS.includes(first.hook)) return undefined;
    return `"${pattern}" has no gradient; with "gradients": true choose hooks among ${GRADIENT_HOOKS.join(', ')}`;
  } catch (error) {
    if (error instanceof UnknownHookError) return error.message;
    throw error;
  }
}
