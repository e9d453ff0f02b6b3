/** What an experiment gives: arrays, and the document that says what they are. */
import type { Tokenizer } from '@demur/model';
import type { BootstrapResult } from './attribution/bootstrap.ts';
import type { ResolvedPair, Roles } from './dataset/resolved-pair.ts';
import { rolesOf } from './dataset/roles.ts';
import type { SelectedDirection } from './direction/select-direction.ts';
import type { FoundCircuit } from './discovery/summarise-discovery.ts';
import type { ExactCheck } from './edges/exact-check.ts';
import type { EvaluationSummary } from './evaluation/summarise-evaluation.ts';
import type { Completion } from './generation/completions.ts';
import type { HeadScanSummary } from './head-scan/summarise.ts';
import type { NamedArray } from './named-array.ts';
import type { RunRecord } from './record.ts';
import type { Refusals } from './steering/refusal-words.ts';
import type { SweepSummary } from './steering/summarise-sweep.ts';
import { specHash, type ExperimentKind, type ExperimentSpec } from './spec.ts';

export interface ExperimentResult {
  /** Float32 arrays by the names of the architecture's table of methods. */
  arrays: Record<string, NamedArray>;
  result: ResultJson;
}

/** What result.json holds. */
export interface ResultJson extends KindResult {
  kind: ExperimentKind;
  specHash: string;
  /** The spec with its defaults filled. */
  spec: ExperimentSpec;
  pairs: ResultPair[];
  record: RunRecord;
}

/** What some kinds say in result.json. */
export interface KindResult {
  /** Of a patching at listed positions, and of a direction: what each slot of the position axis is, a column or a role. */
  positions?: (number | string)[];
  /** Of a direction: the layers of the layer axis. */
  layers?: number[];
  /** Of a direction with a selection: the chosen one; null where no candidate is left, and why. */
  selected?: SelectedDirection | null;
  unselected?: string;
  /** Of an attribution: the rows' names, the columns' names, and how many of the cells are edges. Of an edge patching: the edges' names. */
  senders?: string[];
  receivers?: string[];
  edges?: number | string[];
  /** Of an attribution with a bootstrap. */
  bootstrap?: BootstrapResult;
  /** Of a circuit discovery. */
  circuit?: FoundCircuit;
  /** Of a circuit evaluation: its circuits, MIB's two areas of the curve, and what other edges carried. */
  sizes?: EvaluationSummary['sizes'];
  cpr?: number | null;
  cmd?: number | null;
  ablation?: EvaluationSummary['ablation'];
  /** Of an attribution that was checked. */
  exactCheck?: ExactCheck;
  /** Of a head scan: the chosen heads, and what they do together. */
  heads?: HeadScanSummary['heads'];
  validation?: HeadScanSummary['validation'];
  /** Of a steering [coefficient][pair], of a generation [pair]. */
  completions?: Completion[] | Completion[][] | undefined;
  /** Of completions that have a text: which of them refuse, by a list of words. */
  refusals?: Refusals;
  /** Of a steering: what each coefficient does, as means over pairs. */
  sweep?: SweepSummary['sweep'];
  /** Of a steering: the tokens that `log_odds` is of. */
  refusalTokens?: SweepSummary['refusalTokens'];
}

/** A pair as it ran. Positions are indices in the pair's own tokens. */
export interface ResultPair {
  clean: PromptTokens;
  corrupted: PromptTokens;
  answer: ResultToken;
  distractor: ResultToken;
  firstDifference: number;
  /** Positions by role: `difference` and `last` (the answer position) of every pair, and those of its own. */
  roles: Roles;
}

export interface PromptTokens {
  tokens: number[];
  strings: string[];
}

export interface ResultToken {
  id: number;
  string: string;
}

export interface ResultParts {
  spec: ExperimentSpec;
  pairs: ResolvedPair[];
  tokenizer: Tokenizer | null;
  /** What the kind says. */
  own: KindResult;
  record: RunRecord;
}

/** The document that goes with the arrays. */
export function resultJson({ spec, pairs, tokenizer, own, record }: ResultParts): ResultJson {
  return {
    kind: spec.kind,
    specHash: specHash(spec),
    spec,
    pairs: pairs.map((pair) => resultPair(pair, tokenizer)),
    ...own,
    record,
  };
}

function resultPair(pair: ResolvedPair, tokenizer: Tokenizer | null): ResultPair {
  const prompt = (tokens: number[]) => ({ tokens, strings: tokens.map((id) => tokenString(id, tokenizer)) });
  const token = (id: number) => ({ id, string: tokenString(id, tokenizer) });
  return {
    clean: prompt(pair.clean),
    corrupted: prompt(pair.corrupted),
    answer: token(pair.answer),
    distractor: token(pair.distractor),
    firstDifference: pair.firstDifference,
    roles: rolesOf(pair),
  };
}

/** A token's text, or `<id>` where the model has no tokenizer or it does not know the token. */
export function tokenString(id: number, tokenizer: Tokenizer | null): string {
  return tokenizer !== null && id < tokenizer.vocabSize ? tokenizer.decodeToken(id) : `<${id}>`;
}
