/** The engine side of @demur/model: what needs a tensor backend. For worker threads and child processes only. */
export type { Backend } from './backend/backend.ts';
export { openBackend } from './backend/open-backend.ts';
export { blockVjp, headOutputs, headResults, passBlock, projectionRows, runBlock, runMlp } from './block.ts';
export type { Block, BlockGradients, BlockTrace } from './block.ts';
export { groupRows, lastRows } from './components/row-groups.ts';
export type { KeyValues, RowGroup } from './components/row-groups.ts';
export { rmsNormVjp } from './components/rms-norm.ts';
export { scoped } from './components/scoped.ts';
export { Transformer, onlyLast } from './transformer.ts';
export type { Hook, Hooks } from './showing.ts';
export type { ForwardOptions, MetricGradient, Prefix, Run } from './transformer.ts';
