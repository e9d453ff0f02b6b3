/** @demur/model without a tensor library: safe on any thread. The engine is the other entry, `@demur/model/engine`. */
export { backendEnvironment, backendNames, type BackendChoice, type BackendName } from './backend/backend-name.ts';
export { BackendUnavailableError } from './backend/backend-unavailable-error.ts';
export { isLibraryNoise } from './backend/library-noise.ts';
export { probeBackend, probeBackends, type BackendProbe } from './backend/probe-backends.ts';
export type { ModelConfig } from './config.ts';
export { DemurError } from './errors.ts';
export {
  BLOCK_HOOKS,
  GRADIENT_HOOKS,
  MODEL_HOOKS,
  UnknownHookError,
  blockHook,
  expandHookPattern,
  type BlockHook,
  type HookName,
  type ModelHook,
  type ParsedHookName,
} from './hooks.ts';
