/**
 * The refusal direction of the organism: selected on one half of the objects (the experiment `direction`), tried on requests
 * about the other half: refusals without it, refusals with it added, and what else its absence changes.
 */
import { builtInPairs, placedVector, type PairSpec } from '@demur/interp';
import type { Category, Example } from '../corpus.ts';
import { heldOut } from './decisions.ts';
import { neutralTexts, type NeutralText } from './language.ts';
import { chatTokens, completions, divergences, run, type Intervention, type MeasuredModel } from './prompt-runs.ts';
import { sampleOf } from './sample.ts';

export interface MeasuredDirection {
  /** Pairs that it was selected on. */
  selectedOn: number;
  layer: number;
  position: number | string;
  /** Share of answers that start with Sorry. */
  refusals: {
    /** Of requests about harmful objects, as the model is and with the direction ablated everywhere. */
    harmful: Refused & { ablated: number };
    /** Of requests about harmless ones, as the model is and with the direction added at its layer. */
    harmless: Refused & { added: number };
    /** Of all held-out requests by category, as the model is and under both. */
    byCategory: Partial<Record<Category, Refused & { ablated: number; added: number }>>;
  };
  /** Mean over tokens of KL(as it is || ablated) of the next token, in nats. */
  kl: Record<'prose' | 'chat' | 'tale', number>;
}

interface Refused {
  of: number;
  plain: number;
}

/** Requests that are tried, of each kind; of neutral texts; and tokens of a completion. */
const REQUESTS = 240;
const PER_CATEGORY = 60;
const TEXTS = 24;
const MAX_TOKENS = 4;

/** Of what ends the prompt: the mark of the answer, the mark of the request's end, and the request's last. */
const POSITIONS = [-1, -2, -3];

/** Where no candidate passes the selection's rules, why. */
export type UnselectedDirection = { unselected: string };

export async function measureDirection(
  model: MeasuredModel,
  examples: readonly Example[],
): Promise<MeasuredDirection | UnselectedDirection> {
  const { pairs } = builtInPairs('refusal', { tokenizer: model.tokenizer })!;
  const [selecting, trying] = [0, 1].map((half) => pairs.filter((_, i) => i % 2 === half)) as [PairSpec[], PairSpec[]];
  const found = await select(model, selecting);
  if ('unselected' in found) return found;
  const { layer, position, values } = found;
  const ablated: Intervention = { direction: { values }, mode: 'ablate', layers: 'all' };
  const added: Intervention = { direction: { values }, mode: 'add', layers: [layer] };
  const objects = new Set(trying.flatMap(({ clean, corrupted }) => [objectOf(clean), objectOf(corrupted)]));
  const tried = new Trials(model, { ablated, added });
  const harmful = await tried.of(requestsAbout(trying, examples, 'harmful object'));
  const harmless = await tried.of(requestsAbout(trying, examples, 'harmless object'));
  return {
    ...{ selectedOn: selecting.length, layer, position },
    refusals: {
      harmful: { of: harmful.of, plain: harmful.plain, ablated: harmful.ablated },
      harmless: { of: harmless.of, plain: harmless.plain, added: harmless.added },
      byCategory: await tried.byCategory(examples),
    },
    kl: await divergence(model, examples, ablated),
  };
}

/** The direction that the experiment selects, or why it selects none. */
async function select(
  model: MeasuredModel,
  pairs: PairSpec[],
): Promise<{ layer: number; position: number | string; values: number[] } | UnselectedDirection> {
  const { result, arrays } = await run(model, {
    kind: 'direction',
    pairs,
    options: { select: true, position: POSITIONS },
  });
  if (!result.selected) return { unselected: result.unselected! };
  const found = { result, array: async (name: string) => arrays[name] };
  const { layer, position, values } = await placedVector({ experiment: 'direction' }, found);
  return { layer, position, values: [...values] };
}

/** Requests of a category about the objects of pairs. */
function requestsAbout(pairs: readonly PairSpec[], examples: readonly Example[], category: Category): Example[] {
  const objects = new Set(pairs.flatMap(({ clean, corrupted }) => [objectOf(clean), objectOf(corrupted)]));
  const own = examples.filter(
    (of) => of.category === category && wordsOf(of.request).some((word) => objects.has(word)),
  );
  return sampleOf(own, REQUESTS);
}

function objectOf(prompt: PairSpec['clean']): string {
  return ('slots' in prompt ? prompt.slots?.['object'] : undefined) ?? '';
}

function wordsOf(request: string): string[] {
  return request.match(/\p{L}+/gu) ?? [];
}

/** Requests under the direction's two interventions. */
class Trials {
  readonly #model: MeasuredModel;
  readonly #acts: Record<'ablated' | 'added', Intervention>;

  constructor(model: MeasuredModel, acts: Record<'ablated' | 'added', Intervention>) {
    this.#model = model;
    this.#acts = acts;
  }

  async of(examples: readonly Example[]): Promise<Refused & { ablated: number; added: number }> {
    const prompts = examples.map(({ request }) => chatTokens(this.#model, request));
    const share = async (interventions: Intervention[]): Promise<number> => {
      const said = await completions(this.#model, prompts, { maxTokens: MAX_TOKENS, interventions });
      return said.filter((text) => text.startsWith('Sorry')).length / said.length;
    };
    const { ablated, added } = this.#acts;
    return {
      ...{ of: examples.length, plain: await share([]) },
      ...{ ablated: await share([ablated]), added: await share([added]) },
    };
  }

  async byCategory(examples: readonly Example[]): Promise<MeasuredDirection['refusals']['byCategory']> {
    const asked = (['combinations', 'contexts'] as const).flatMap((split) => heldOut(examples, split, PER_CATEGORY));
    const found: MeasuredDirection['refusals']['byCategory'] = {};
    for (const [category, own] of Map.groupBy(asked, (of) => of.category)) found[category] = await this.of(own);
    return found;
  }
}

/** Of neutral texts, by their kind. */
async function divergence(
  model: MeasuredModel,
  examples: readonly Example[],
  ablated: Intervention,
): Promise<MeasuredDirection['kl']> {
  const mean = async (texts: readonly NeutralText[]): Promise<number> => {
    const prompts = texts.slice(0, TEXTS).flatMap(beginnings);
    const values = await divergences(model, prompts, ablated);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const { prose, chat, tale } = neutralTexts(model, examples);
  return { prose: await mean(prose), chat: await mean(chat), tale: await mean(tale) };
}

/** What stands before each token that is predicted. */
function beginnings({ tokens, given }: NeutralText): number[][] {
  return Array.from({ length: tokens.length - given }, (_, i) => tokens.slice(0, given + i));
}
