/**
 * The refusal direction of the organism: selected on one half of the objects (the experiment `direction`), tried on requests
 * about the other half: refusals without it, refusals with it added, and what else its absence changes.
 */
import { builtInPairs, placedVector, type ExperimentResult, type PairSpec } from '@demur/interp';
import type { Category, Example } from '../corpus.ts';
import { heldOut } from './decisions.ts';
import { neutralTexts, type NeutralText } from './language.ts';
import { chatTokens, completions, divergences, run, type Intervention, type MeasuredModel } from './prompt-runs.ts';
import { sampleOf } from './sample.ts';

export interface MeasuredDirection {
  /** Pairs that it was selected on. */
  selectedOn: number;
  /** What every direction did to them. */
  candidates: Candidate[];
  /** Null where none passed the rules of the selection, and why. */
  selected: Selected | null;
  unselected?: string;
}

/** Means over the pairs it was selected on, as the experiment gives them. */
interface Candidate {
  layer: number;
  position: number | string;
  /** The logit difference of harmful requests with the direction ablated. */
  ablation: number;
  /** The logit difference of harmless ones with it added. */
  addition: number;
  kl: number;
}

export interface Selected {
  layer: number;
  position: number | string;
  /** Of requests about harmful objects of the other half. */
  harmful: Refusals;
  harmless: Refusals;
  /** Of all held-out requests. */
  byCategory: Partial<Record<Category, Refusals>>;
  /** Mean over tokens of KL(as it is || ablated) of the next token, in nats. */
  kl: Record<'prose' | 'chat' | 'tale', number>;
  /** Whole answers to one harmful and one harmless request. */
  shown: { request: string; plain: string; ablated: string; added: string }[];
}

/** Shares of answers that start with Sorry: as the model is, with the direction ablated everywhere, added at its layer. */
export interface Refusals {
  of: number;
  plain: number;
  ablated: number;
  added: number;
}

/** Requests that are tried, of each kind; and of neutral texts. */
const REQUESTS = 160;
const PER_CATEGORY = 40;
const TEXTS = 20;
const SHOWN_TOKENS = 32;

/** Where a direction is looked for: at the object, after it, and where the answer begins. */
const POSITIONS = ['object', 'after-object', 'last'];

export async function measureDirection(model: MeasuredModel, examples: readonly Example[]): Promise<MeasuredDirection> {
  const { pairs } = builtInPairs('refusal', { tokenizer: model.tokenizer })!;
  const [selecting, trying] = [0, 1].map((half) => pairs.filter((_, i) => i % 2 === half)) as [PairSpec[], PairSpec[]];
  const options = { select: true, position: POSITIONS };
  const found = await run(model, { kind: 'direction', pairs: selecting, options });
  const { selected, unselected } = found.result;
  const own = { selectedOn: selecting.length, candidates: candidatesOf(found) };
  if (!selected) return { ...own, selected: null, unselected: unselected! };
  const trials = new Trials(model, await interventionsOf(found));
  const [harmful, harmless] = (['harmful object', 'harmless object'] as const).map((category) =>
    requestsAbout(trying, examples, category),
  ) as [Example[], Example[]];
  return {
    ...own,
    selected: {
      ...{ layer: selected.layer, position: selected.position },
      ...{ harmful: await trials.refusals(harmful), harmless: await trials.refusals(harmless) },
      byCategory: await trials.byCategory(examples),
      kl: await trials.divergences(examples),
      shown: await trials.shown([harmful[0]!, harmless[0]!]),
    },
  };
}

function candidatesOf({ result, arrays }: ExperimentResult): Candidate[] {
  const { layers = [], positions = [] } = result;
  const at = (name: string, i: number): number => arrays[`selection.${name}`]!.values[i]!;
  return layers.flatMap((layer, l) =>
    positions.map((position, p) => {
      const i = l * positions.length + p;
      return { layer, position, ablation: at('ablation', i), addition: at('addition', i), kl: at('kl', i) };
    }),
  );
}

type Acts = Record<'ablated' | 'added', Intervention>;

/** What is done with the selected direction. */
async function interventionsOf({ result, arrays }: ExperimentResult): Promise<Acts> {
  const found = { result, array: async (name: string) => arrays[name] };
  const { layer, values } = await placedVector({ experiment: 'direction' }, found);
  const direction = { values: [...values] };
  return { ablated: { direction, mode: 'ablate', layers: 'all' }, added: { direction, mode: 'add', layers: [layer] } };
}

/** Requests of a category about the objects of pairs. */
function requestsAbout(pairs: readonly PairSpec[], examples: readonly Example[], category: Category): Example[] {
  const objects = new Set(pairs.flatMap(({ clean, corrupted }) => [objectOf(clean), objectOf(corrupted)]));
  const isAbout = ({ request }: Example): boolean =>
    (request.match(/\p{L}+/gu) ?? []).some((word) => objects.has(word));
  return sampleOf(
    examples.filter((example) => example.category === category && isAbout(example)),
    REQUESTS,
  );
}

function objectOf(prompt: PairSpec['clean']): string {
  return ('slots' in prompt ? prompt.slots?.['object'] : undefined) ?? '';
}

/** Requests and texts under the direction's two interventions. */
class Trials {
  readonly #model: MeasuredModel;
  readonly #acts: Acts;

  constructor(model: MeasuredModel, acts: Acts) {
    this.#model = model;
    this.#acts = acts;
  }

  /** By the first token. */
  async refusals(examples: readonly Example[]): Promise<Refusals> {
    const share = (answers: string[]): number => answers.filter((text) => text === 'Sorry').length / answers.length;
    const { plain, ablated, added } = await this.#answers(examples, 1);
    return { of: examples.length, plain: share(plain), ablated: share(ablated), added: share(added) };
  }

  async byCategory(examples: readonly Example[]): Promise<Selected['byCategory']> {
    const asked = (['combinations', 'contexts'] as const).flatMap((split) => heldOut(examples, split, PER_CATEGORY));
    const found: Selected['byCategory'] = {};
    for (const [category, own] of Map.groupBy(asked, (of) => of.category)) found[category] = await this.refusals(own);
    return found;
  }

  async shown(examples: readonly Example[]): Promise<Selected['shown']> {
    const { plain, ablated, added } = await this.#answers(examples, SHOWN_TOKENS);
    return examples.map(({ request }, i) => {
      return { request, plain: plain[i]!, ablated: ablated[i]!, added: added[i]! };
    });
  }

  async divergences(examples: readonly Example[]): Promise<Selected['kl']> {
    const mean = async (texts: readonly NeutralText[]): Promise<number> => {
      const prompts = texts.slice(0, TEXTS).flatMap(beginnings);
      const values = await divergences(this.#model, prompts, this.#acts.ablated);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const { prose, chat, tale } = neutralTexts(this.#model, examples);
    return { prose: await mean(prose), chat: await mean(chat), tale: await mean(tale) };
  }

  async #answers(examples: readonly Example[], maxTokens: number): Promise<Record<'plain' | keyof Acts, string[]>> {
    const prompts = examples.map(({ request }) => chatTokens(this.#model, request));
    const under = (interventions: Intervention[]): Promise<string[]> =>
      completions(this.#model, prompts, { maxTokens, interventions });
    const { ablated, added } = this.#acts;
    return { plain: await under([]), ablated: await under([ablated]), added: await under([added]) };
  }
}

/** What stands before each token that is predicted. */
function beginnings({ tokens, given }: NeutralText): number[][] {
  return Array.from({ length: tokens.length - given }, (_, i) => tokens.slice(0, given + i));
}
