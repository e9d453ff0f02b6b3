/** What the numbers of each kind mean, in sentences for its record: sign, gradient point, reduction. */
import { metricMeaning } from './metrics/describe-metric.ts';
import type { ExperimentSpec } from './spec.ts';

/** By what each sentence is about. */
export function conventions(spec: ExperimentSpec): Record<string, string> {
  switch (spec.kind) {
    case 'activations':
      return {
        ...shared(spec),
        gradient: 'd(mean of the metric over pairs) / d(activation), in the run it is named after',
      };
    case 'activation-patching':
      return {
        ...shared(spec),
        value: 'the metric of each pair after the patch, not normalised',
        patch: patches[spec.options.direction],
        ...(spec.options.layers === 'up-to' && upTo),
      };
    case 'attribution':
      return { ...shared(spec), ...attribution(spec.options), kvHeads: kvHeads[spec.options.kvHeads] };
    case 'edge-patching':
      return { ...shared(spec), ...edgePatching, kvHeads: kvHeads[spec.options.kvHeads] };
    case 'circuit-discovery':
      return { ...shared(spec), ...discovery(spec), kvHeads: kvHeads[spec.options.kvHeads] };
    case 'circuit-evaluation':
      return { ...shared(spec), ...evaluation(spec.options), kvHeads: kvHeads[spec.options.kvHeads] };
    case 'head-scan':
      return { ...shared(spec), ...headScan, patch: patches[spec.options.direction] };
    case 'direction':
      return {
        ...shared(spec),
        ...directionMeaning,
        made: made[spec.options.method],
        ...selectionMeaning(spec.options),
      };
    case 'steering':
      return { ...shared(spec), ...steering, ...sweep, ...completions, stop: stop(spec.options) };
    case 'generation':
      return {
        ...shared(spec),
        ...steering,
        ...(spec.options.patches && promptPatches),
        ...completions,
        stop: stop(spec.options),
      };
  }
}

function shared({ metric }: ExperimentSpec): Record<string, string> {
  return { ...common, metric: metricMeaning(metric) };
}

const common = {
  clean: 'the prompt whose behaviour is explained',
  corrupted: 'its counterfactual',
  positions: 'arrays over positions are aligned to the right, the answer position last; cells without a token are NaN',
};

const patches = {
  denoising: 'the clean activation is written into the corrupted run',
  noising: 'the corrupted activation is written into the clean run',
};

const upTo = {
  layers: 'each cell is patched at all layers up to its own, in one run, with the activations of the source as it is',
};

const promptPatches = {
  patches:
    "while the prompt is read, activations of the pair's other prompt, from its own run with nothing done, are written into this one, before interventions act; new tokens read what that leaves",
};

const headScan = {
  score:
    '(m - destination) / (source - destination) of means over pairs, m the metric of the destination with the z of one head, or of a set of heads, of the source; head_scores.pair has the change of each pair over the same difference of means',
  ablation:
    "in the clean run, 0 the clean runs' mean and 1 the corrupted runs': z becomes zero, or the mean of the corrupted runs' z at as many tokens from the end, of the pairs that differ by then",
  positions: "'all' are those from the pair's first difference on",
};

type AttributionOptions = Extract<ExperimentSpec, { kind: 'attribution' }>['options'];

function attribution({
  method,
  steps,
  grid,
  postNorm,
  bootstrap = 0,
  perPosition = false,
}: Pick<AttributionOptions, 'method' | 'steps' | 'grid' | 'postNorm'> & Partial<AttributionOptions>) {
  const points = grid === 'left' ? `k = 0 ... ${steps - 1}` : `k = 1 ... ${steps}`;
  return {
    sign: '(corrupted - clean) . gradient: what the metric gains when the edge goes from clean to corrupted',
    gradientPoint:
      method === 'eap'
        ? 'the clean run'
        : `the mean over ${points} of runs of the clean prompt whose token embeddings are corrupted + (k / ${steps}) (clean - corrupted)`,
    receiver: 'its input before its own norm, the norm fully differentiated',
    postNorm: postNorms[postNorm],
    reduction: 'sum over positions, mean over pairs',
    ...(perPosition
      ? { position: 'scores.position is the mean over all pairs; one without a token there adds 0' }
      : {}),
    ...(bootstrap > 0 ? { interval: 'percentiles 2.5 and 97.5 over resamples of the pairs with replacement' } : {}),
  };
}

const postNorms = {
  jacobian: "where attention has a post-norm, a head's difference goes through its Jacobian at the clean run",
  ignore: "a head's difference is taken before the post-norm that attention may have, as in the EAP-IG package",
};

const edgePatching = {
  effect: 'metric(edge corrupted) - metric(clean), mean over pairs; everything downstream of the receiver runs again',
  patch:
    "the receiver's input alone has the sender's contribution of the corrupted run; a head's goes through the post-norm by itself",
};

/** What a circuit is, how its edges were chosen, and by which scores. */
function discovery({
  metric,
  options,
}: Extract<ExperimentSpec, { kind: 'circuit-discovery' }>): Record<string, string> {
  const { method, scores, dangling } = options;
  return {
    ...(scores !== undefined && 'method' in scores ? attribution(scores) : {}),
    ...circuitMeaning(options.ablation),
    chosen: {
      ...chosenByScore,
      threshold: 'the edges with |score| >= tau',
      acdc: testOrder,
      'acdc++': testOrder,
    }[method],
    ...(options.tau !== undefined && method !== 'threshold' ? { removed: removal(metric) } : {}),
    dangling:
      dangling === 'prune' ? 'edges on no path from the input to the logits are left out' : 'edges may lead nowhere',
  };
}

function evaluation(
  options: Extract<ExperimentSpec, { kind: 'circuit-evaluation' }>['options'],
): Record<string, string> {
  const { scores, select, completeness } = options;
  return {
    ...(scores !== undefined && 'method' in scores ? attribution(scores) : {}),
    ...circuitMeaning(options.ablation),
    chosen: select === undefined ? 'the edges that the spec gives' : chosenByScore[select],
    ...(completeness ? { completeness: "the faithfulness of the circuit's complement: all edges but its own" } : {}),
    areas:
      'cpr is the area under the faithfulness over the share of edges, cmd that of |1 - faithfulness|, by trapezoids',
  };
}

/** What a circuit's run is, and its measure. */
function circuitMeaning(ablation: keyof typeof ablations): Record<string, string> {
  return {
    circuit:
      "every receiver reads the ablated residual stream and, over its kept edges, what senders of the circuit's own run add otherwise",
    ablation: ablations[ablation],
    faithfulness: '(m(circuit) - m(no edge)) / (m(clean) - m(no edge)) of means over pairs',
  };
}

const chosenByScore = {
  'top-n': 'the edges with the largest |score|',
  greedy: 'from the logits backwards, each time the edge with the largest |score| into a node that is chosen already',
};

const testOrder =
  'edges tested one after the other against the circuit left so far: receivers from the last to the first, of each its senders from the last to the first; those into a node that nothing reads go without a test';

const ablations = {
  corrupted: "an edge that is not kept carries the corrupted run's activation",
  zero: 'an edge that is not kept carries zero',
  mean: 'an edge that is not kept carries one vector at all positions: the mean over positions, then over pairs, of the corrupted runs',
};

function removal(metric: ExperimentSpec['metric']): string {
  return metric === 'kl-divergence'
    ? 'an edge goes where the metric does not grow by tau or more without it'
    : 'an edge goes where the metric does not change by tau or more without it, either way';
}

const directionMeaning = {
  directions: 'mean over pairs of clean - corrupted, as it is, not normalised',
  roles: "a role of several tokens is the mean over them; positions before a pair's first difference give nothing",
  projections: "the component of each prompt along the direction's unit vector",
};

const made = {
  'difference-in-means': 'of resid_pre, the residual stream before the layer',
  heads:
    'of what the heads add, the output bias excluded, summed over them; carried through the post-norm by its scale in each run; the same for each layer',
};

/** The rules of Arditi et al. 2024, and what is ours about them. */
function selectionMeaning({
  select,
  maxKl,
  minAddition,
  dropLast,
}: {
  select: boolean;
  maxKl: number;
  minAddition: number;
  dropLast: number;
}): Record<string, string> {
  if (!select) return {};
  return {
    selection: `the lowest ablation of the candidates before the last ${dropLast} of the layers with KL <= ${maxKl} and addition >= ${minAddition}`,
    ablation:
      'mean metric of the clean prompts, the unit vector projected out of resid_pre, attn_out and mlp_out of every layer',
    addition: 'mean metric of the corrupted prompts, the direction added to resid_pre of its layer at every position',
    kl: 'mean KL(plain || ablated) of the next token after the corrupted prompts, in nats, exact: no constant within the logarithms',
  };
}

const steering = {
  add: 'coefficient times the direction, as it is, added to resid_pre of each layer given',
  ablate:
    'the unit vector of the direction projected out of resid_pre of each layer given, or with "all" out of resid_pre, attn_out and mlp_out of every layer',
  interventions: 'they act on every step: the positions of the prompt ("last": its last one) and every new token',
};

const sweep = {
  flips: 'share of pairs whose metric has another sign than in the plain run, with nothing done',
  kl: 'KL(plain run || steered run) of the next token after the prompt, in nats, exact',
  log_odds:
    'log p(refuse) - log p(comply) of the next token after the prompt, each summed over refusalTokens; without comply against all other tokens',
};

const completions = {
  refusals: 'share of completions with one of the words, in any case; typographic apostrophes count as plain ones',
  tokens: 'what was made after the prompt, the stop token that ended it included; text is without that one',
  sampling: 'greedy at temperature 0; else xoshiro128** from seed (0 unless given) and the index of the pair',
};

function stop({ stopAtEos }: { stopAtEos: boolean }): string {
  return stopAtEos ? "at the model's or the tokenizer's end-of-sequence tokens" : 'not at end-of-sequence tokens';
}

const kvHeads = {
  native: 'one key and one value receiver a key/value head',
  expanded: 'key and value receivers a query head, as if keys and values were repeated',
};
