/** The form of a new experiment, and the specification that it writes. What is right is for the server to say. */

export type FormKind = 'activation-patching' | 'attribution' | 'direction' | 'steering' | 'generation' | 'activations';

export interface SpecForm {
  kind: FormKind;
  model: string;
  pairs: string;
  metric: 'logit-difference' | 'answer-logprob' | 'kl-divergence';
  direction: 'denoising' | 'noising';
  activations: string[];
  /** `each`, `all`, `last`, or columns such as `-1, -3`. */
  positions: string;
  method: 'eap' | 'eap-ig';
  /** A number of resamples of the pairs, 0 for none. */
  bootstrap: string;
  kvHeads: 'native' | 'expanded';
  names: string;
  gradients: boolean;
  logits: 'none' | 'last' | 'all';
  mode: 'add' | 'ablate';
  directionFile: string;
  directionName: string;
  /** Numbers such as `-2, 0, 2`. */
  coefficients: string;
  /** `all`, or layers such as `12, 13`. */
  layers: string;
  steeredPositions: 'all' | 'last';
  run: 'clean' | 'corrupted';
  maxTokens: string;
  temperature: string;
  /** Where directions are found: `all` or layers, and columns from the end or roles. */
  foundLayers: string;
  foundPositions: string;
  select: boolean;
}

export const formKinds: Record<FormKind, { name: string; words: string }> = {
  'activation-patching': {
    name: 'Activation patching',
    words: 'Where does the decision sit? One activation at a time goes from one run into the other.',
  },
  attribution: {
    name: 'Attribution (EAP, EAP-IG)',
    words: 'Which edges carry it? Every edge of the model gets a score, from two forwards and one backward or a few.',
  },
  direction: {
    name: 'Direction',
    words:
      'What separates the two sides? The mean difference of the residual stream, and what ablating or adding it does.',
  },
  steering: {
    name: 'Steering',
    words: 'What does a direction do? It is added to the residual stream, or projected out, while the model writes.',
  },
  generation: { name: 'Generation', words: 'What does the model write? Its own completion of every prompt.' },
  activations: { name: 'Activations', words: 'The raw numbers at hooks of your choice, for your own analysis.' },
};

export const emptyForm: SpecForm = {
  kind: 'activation-patching',
  model: '',
  pairs: '',
  metric: 'logit-difference',
  direction: 'denoising',
  activations: ['resid_pre', 'attn_out', 'mlp_out'],
  positions: 'each',
  method: 'eap',
  bootstrap: '0',
  kvHeads: 'expanded',
  names: 'blocks.*.hook_resid_pre',
  gradients: false,
  logits: 'none',
  mode: 'add',
  directionFile: 'direction.safetensors',
  directionName: 'direction',
  coefficients: '-2, 0, 2',
  layers: '0',
  steeredPositions: 'all',
  run: 'clean',
  maxTokens: '32',
  temperature: '0',
  foundLayers: 'all',
  foundPositions: '-1',
  select: true,
};

/** Those that need nothing but their name; token sets and projections are written in JSON. */
export const formMetrics: Record<SpecForm['metric'], string> = {
  'logit-difference': 'Logit difference',
  'answer-logprob': 'Log probability of the answer',
  'kl-divergence': 'KL divergence from the clean run',
};

/** The specification as the server takes it. */
export function specOf(form: SpecForm): Record<string, unknown> {
  const { kind, model, pairs, metric } = form;
  return { kind, model, pairs, metric, options: optionsOf(form) };
}

function optionsOf(form: SpecForm): Record<string, unknown> {
  switch (form.kind) {
    case 'activation-patching':
      return { direction: form.direction, activations: form.activations, positions: patchedAt(form.positions) };
    case 'attribution':
      return { method: form.method, kvHeads: form.kvHeads, bootstrap: numberOf(form.bootstrap) };
    case 'activations':
      return { names: words(form.names), gradients: form.gradients, logits: form.logits };
    case 'direction':
      return { layers: layersOf(form.foundLayers), position: patchedAt(form.foundPositions), select: form.select };
    case 'steering':
      return steeringOptions(form);
    case 'generation':
      return { run: form.run, maxTokens: numberOf(form.maxTokens), temperature: numberOf(form.temperature) };
  }
}

function steeringOptions(form: SpecForm): Record<string, unknown> {
  const { mode, directionFile: file, directionName: name, run, steeredPositions: positions } = form;
  const coefficients = mode === 'add' ? { coefficients: words(form.coefficients).map(numberOf) } : {};
  const layers = layersOf(form.layers);
  const written = { run, maxTokens: numberOf(form.maxTokens), stopAtEos: true };
  return { direction: { file, name }, mode, ...coefficients, layers, positions, ...written };
}

/** The number that a text is; the text itself where it is none, for the server to judge. */
function numberOf(text: string): number | string {
  const trimmed = text.trim();
  return trimmed === '' || Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** One of the words for places, or a list of columns and of roles such as `object`. */
function patchedAt(text: string): string | (string | number)[] {
  const parts = words(text);
  if (parts.length === 0 || ['each', 'all', 'last'].includes(text.trim())) return text.trim();
  return parts.map((part) => (/^-?\d+$/.test(part) ? Number(part) : part));
}

/** A list of whole numbers becomes layers; anything else goes as it is, for the server to judge. */
function layersOf(text: string): string | number[] {
  const parts = words(text);
  return parts.length > 0 && parts.every((part) => /^-?\d+$/.test(part)) ? parts.map(Number) : text.trim();
}

/** The field that an error's path belongs to: the longest one it lies in, or undefined. */
export function fieldOfPath(path: string | undefined, fields: readonly string[]): string | undefined {
  if (path === undefined) return undefined;
  const within = fields.filter(
    (field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
  );
  return within.sort((a, b) => b.length - a.length)[0];
}
