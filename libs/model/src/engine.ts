/** The engine side of @demur/model: what needs a tensor backend. For worker threads and child processes only. */
export type { Backend } from './backend/backend.ts';
export { openBackend } from './backend/open-backend.ts';
export { addedByAttention, blockVjp, headResults, passBlock, runBlock, runMlp, tapeBytes, tapeOf } from './block.ts';
export type { Block, BlockGradients, BlockTape, BlockTrace } from './block.ts';
export { attendTurned, weighValues } from './components/attention.ts';
export { normJvp, normVjp } from './components/norm.ts';
export { groupRows, lastRows, onlyLast } from './components/row-groups.ts';
export type { KeyValues, RowGroup } from './components/row-groups.ts';
export { scoped } from './components/scoped.ts';
export { softcap, softcapVjp } from './components/softcap.ts';
export type { MetricGradient } from './gradients.ts';
export type { Edit, EditValue } from './edits.ts';
export { generate } from './generate.ts';
export type { Generated, GenerateOptions } from './generate.ts';
export { LogitsNotFiniteError, type Sampling } from './sampling.ts';
export { Transformer } from './transformer.ts';
export type { Hook, Hooks } from './showing.ts';
export type { ForwardOptions, Prefix, Run } from './transformer.ts';
