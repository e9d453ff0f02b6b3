/** The engine side of @demur/model: what needs a tensor backend. For worker threads and child processes only. */
export type { Backend } from './backend/backend.ts';
export { openBackend } from './backend/open-backend.ts';
export { blockVjp, headResults, passBlock, runBlock, runMlp, tapeBytes, tapeOf, TAPE_BUDGET_BYTES } from './block.ts';
export type { Block, BlockGradients, BlockTape, BlockTrace } from './block.ts';
export { groupRows, lastRows } from './components/row-groups.ts';
export type { KeyValues, RowGroup } from './components/row-groups.ts';
export { rmsNormVjp } from './components/rms-norm.ts';
export { scoped } from './components/scoped.ts';
export { onlyLast } from './gradients.ts';
export type { MetricGradient } from './gradients.ts';
export { Transformer } from './transformer.ts';
export type { Hook, Hooks } from './showing.ts';
export type { ForwardOptions, Prefix, Run } from './transformer.ts';
