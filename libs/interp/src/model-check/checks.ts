/**
 * The checks of a model: what each says, and how far off a number may be. Measuring is execute-check.ts's part, in a worker
 * thread; asking for all of them is check-model.ts's. No tensors here.
 */
import type { ResolvedPair } from '../dataset/resolved-pair.ts';

interface CheckRow {
  /** What holds when it passes, in one sentence. */
  says: string;
  /** The greatest difference that passes, as a share of the greatest value. */
  tolerance: number;
}

/** float32 sums of one length, in another order: what two right ways of computing may differ by. */
const ROUNDING = 1e-4;

/** Checks that run on the engine, in the order in which they are shown. */
export const ENGINE_CHECKS = {
  'reference-activations': {
    says: 'Logits and activations are those of the reference files beside the model.',
    tolerance: 1e-4,
  },
  'reference-gradients': {
    says: 'Gradients of the logit difference are those of the reference files beside the model.',
    tolerance: 2e-4,
  },
  finite: { says: 'Every logit and every residual stream of every prompt is a finite number.', tolerance: 0 },
  determinism: { says: 'Two runs of one prompt give the same bits.', tolerance: 0 },
  batching: {
    says: 'A prompt gives the same results among prompts of other lengths, aligned to the right, as alone.',
    tolerance: ROUNDING,
  },
  causality: {
    says: 'Later tokens, changed or appended, change nothing at the positions before them.',
    tolerance: ROUNDING,
  },
  'residual-sum': {
    says: 'The embedding and all that attention and MLPs add sum to the final residual stream.',
    tolerance: ROUNDING,
  },
  'head-sum': { says: "The heads' results, and the bias if there is one, sum to attn_out.", tolerance: ROUNDING },
  'cached-prefix': {
    says: 'Tokens after cached keys and values give what the whole prompt gives.',
    tolerance: ROUNDING,
  },
  'start-layer': {
    says: 'A pass that starts at a layer, from its residual stream, ends as the whole pass.',
    tolerance: ROUNDING,
  },
  suffix: {
    says: 'Pairs run from their first difference on, patched or not, end as whole forward passes.',
    tolerance: ROUNDING,
  },
  'finite-differences': {
    says: 'The gradient is the slope that central differences of the metric find, beyond what those are uncertain by.',
    tolerance: 1e-3,
  },
} as const satisfies Record<string, CheckRow>;

/** Checks of the tokenizer, which need no engine. */
export const TOKENIZER_CHECKS = {
  tokenizer: {
    says: 'Texts survive encoding and decoding, and every token id is one of the vocabulary.',
    tolerance: 0,
  },
  'chat-template': {
    says: 'A chat begins with one beginning-of-sequence token where the model has them, never with two.',
    tolerance: 0,
  },
} as const satisfies Record<string, CheckRow>;

export type EngineCheckName = keyof typeof ENGINE_CHECKS;
export type TokenizerCheckName = keyof typeof TOKENIZER_CHECKS;
export type CheckName = EngineCheckName | TokenizerCheckName;

/** One check for a worker thread, as a task of the engine. */
export interface CheckTask {
  check: EngineCheckName;
  /** What runs: prompts of different lengths, each with one token changed. */
  pairs: ResolvedPair[];
  /** Reference files, absolute paths. */
  references: string[];
}

/** What a check has found. */
export interface CheckResult extends CheckRow {
  name: CheckName;
  status: 'passed' | 'failed' | 'skipped';
  /** The greatest difference over the scale; null where there is none: skipped, or no number came out. */
  measured: number | null;
  /** What was farthest off, or why it was skipped. */
  detail: string;
}

/** The outcome of all checks of a model on one backend. */
export interface ModelCheck {
  passed: boolean;
  /** When it ended, ISO 8601. */
  at: string;
  backend: { name: string; version: string };
  /** Where the weights were: all in memory, or streamed from disk block by block. */
  residency: 'resident' | 'streamed';
  /** Of demur. */
  version: string;
  weightsSha256: string;
  checks: CheckResult[];
}

/** The greatest difference of a part, and the greatest value that it is a share of. */
export interface Measure {
  part: string;
  difference: number;
  scale: number;
}

/** The result of a check from its parts: the one that is farthest off decides. */
export function checkResult(name: CheckName, measures: readonly Measure[]): CheckResult {
  const { says, tolerance } = { ...ENGINE_CHECKS, ...TOKENIZER_CHECKS }[name];
  const shares = measures.map(({ part, difference, scale }) => ({ part, share: shareOf(difference, scale) }));
  const farthest = shares.reduce((a, b) => (b.share > a.share || Number.isNaN(b.share) ? b : a));
  const measured = Number.isFinite(farthest.share) ? farthest.share : null;
  const passed = measured !== null && measured <= tolerance;
  return { name, says, tolerance, status: passed ? 'passed' : 'failed', measured, detail: farthest.part };
}

/** A check that cannot be made here. */
export function skipped(name: CheckName, reason: string): CheckResult {
  const { says, tolerance } = { ...ENGINE_CHECKS, ...TOKENIZER_CHECKS }[name];
  return { name, says, tolerance, status: 'skipped', measured: null, detail: reason };
}

/** All zero is equal; a difference from nothing but zeros is infinite. */
function shareOf(difference: number, scale: number): number {
  return difference === 0 && !Number.isNaN(scale) ? 0 : difference / scale;
}
