/** The options of each kind that the form has a field for, in its order; all others are written in JSON. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import type { OptionField } from './option-field.ts';

const patchingDirection: OptionField = {
  path: 'direction',
  label: 'Direction of patching',
  control: 'segmented',
  words: { denoising: 'Denoising: clean into corrupted', noising: 'Noising: corrupted into clean' },
};

const kvHeads: OptionField = {
  path: 'kvHeads',
  label: 'Key and value heads',
  control: 'select',
  hint: 'Native keeps the heads that the model has; expanded repeats them for every query head, as other tools do.',
};

const methodWords = { eap: 'EAP', 'eap-ig': 'EAP-IG' };

const methodHint =
  'EAP takes the gradient in the clean run; EAP-IG the mean of those at steps from the corrupted to it.';

const ablation: OptionField = {
  path: 'ablation',
  label: 'Ablation',
  control: 'segmented',
  words: { corrupted: 'Corrupted activation', zero: 'Zero', mean: 'Mean over corrupted runs' },
  hint: 'What edges outside of the circuit carry.',
};

const scoresFile: OptionField = {
  path: 'scores.file',
  label: 'Scores',
  control: 'text',
  hint: 'On the server: the folder of a result, or a .safetensors file',
};

const writing: OptionField[] = [
  {
    path: 'run',
    label: 'Prompts',
    control: 'segmented',
    words: { clean: 'Clean', corrupted: 'Corrupted' },
  },
  {
    path: 'maxTokens',
    label: 'Tokens',
    control: 'text',
    reads: 'number',
    start: '32',
    hint: 'How many the model writes at most',
  },
];

export const kindFields: Record<ExperimentKind, readonly OptionField[]> = {
  ACTIVATION_PATCHING: [
    patchingDirection,
    { path: 'activations', label: 'Activations', control: 'checks', start: ['resid_pre', 'attn_out', 'mlp_out'] },
    {
      path: 'positions',
      label: 'Positions',
      control: 'text',
      reads: 'list',
      hint: 'each, all, last, or a list of roles and columns such as object, after-object, -1',
    },
  ],
  ATTRIBUTION: [
    { path: 'method', label: 'Method', control: 'segmented', words: methodWords, hint: methodHint },
    {
      path: 'steps',
      label: 'Steps',
      control: 'text',
      reads: 'number',
      hint: 'Points on the path from the corrupted to the clean prompt',
      when: { method: ['eap-ig'] },
    },
    kvHeads,
    {
      path: 'bootstrap',
      label: 'Bootstrap',
      control: 'text',
      reads: 'number',
      hint: 'How often the pairs are drawn anew, for an interval of every edge; 0 for none',
    },
    {
      path: 'checkExact',
      label: 'Exact check',
      control: 'text',
      reads: 'number',
      hint: 'How many of the strongest edges, and as many random ones, are patched exactly; 0 for none',
    },
  ],
  EDGE_PATCHING: [
    {
      path: 'edges.way',
      label: 'Edges',
      control: 'way',
      words: { named: 'By name', strongest: 'The strongest of an attribution' },
      start: 'named',
    },
    {
      path: 'edges',
      label: 'Names',
      control: 'lines',
      reads: 'list',
      hint: 'all, or names such as m0->a1.h2<q>, one a line',
      when: { 'edges.way': ['named'] },
    },
    {
      path: 'edges.top',
      label: 'How many',
      control: 'text',
      reads: 'number',
      start: '100',
      when: { 'edges.way': ['strongest'] },
    },
    { ...scoresFile, path: 'edges.of', label: 'Attribution', when: { 'edges.way': ['strongest'] } },
    kvHeads,
    { path: 'perPair', label: 'Keep the effect on every pair as well', control: 'flag' },
  ],
  CIRCUIT_DISCOVERY: [
    {
      path: 'method',
      label: 'Method',
      control: 'segmented',
      words: { 'top-n': 'Top n', threshold: 'Threshold', greedy: 'Greedy', acdc: 'ACDC', 'acdc++': 'ACDC++' },
      hint: 'By scores: the n strongest, all above a threshold, or greedily from the logits backwards. ACDC tries every edge in the running circuit; ACDC++ only those that EAP leaves.',
    },
    {
      path: 'n',
      label: 'Edges',
      control: 'text',
      reads: 'number',
      hint: 'How many the circuit has',
      when: { method: ['top-n', 'greedy'] },
    },
    {
      path: 'tau',
      label: 'Threshold τ',
      control: 'text',
      reads: 'number',
      hint: 'In units of the metric: by scores, the least that an edge has; in ACDC, what removing it may cost',
      when: { method: ['threshold', 'acdc', 'acdc++'] },
    },
    {
      path: 'pruneTo',
      label: 'Edges to try',
      control: 'text',
      reads: 'number',
      hint: 'How many of the strongest by EAP are tried',
      when: { method: ['acdc++'] },
    },
    {
      path: 'scores.way',
      label: 'Scores',
      control: 'way',
      words: { usual: 'As usual for the method', made: 'Made by', file: 'From a result' },
      start: 'usual',
      when: { method: ['top-n', 'threshold', 'greedy', 'acdc++'] },
    },
    {
      path: 'scores.method',
      label: 'Scores by',
      control: 'segmented',
      words: methodWords,
      start: 'eap-ig',
      hint: methodHint,
      when: { 'scores.way': ['made'], method: ['top-n', 'threshold', 'greedy', 'acdc++'] },
    },
    { ...scoresFile, when: { 'scores.way': ['file'], method: ['top-n', 'threshold', 'greedy', 'acdc++'] } },
    ablation,
    {
      path: 'dangling',
      label: 'Dangling nodes',
      control: 'segmented',
      words: { prune: 'Prune', keep: 'Keep' },
      hint: 'Nodes of the circuit that no way from the input to the logits passes',
    },
    kvHeads,
  ],
  CIRCUIT_EVALUATION: [
    {
      path: 'circuit.way',
      label: 'Circuits',
      control: 'way',
      words: {
        made: 'Of growing size, by new scores',
        scores: 'Of growing size, by a result',
        edges: 'One, by its edges',
        file: 'One, from a file',
      },
      start: 'made',
    },
    {
      path: 'scores.method',
      label: 'Scores by',
      control: 'segmented',
      words: methodWords,
      start: 'eap-ig',
      hint: methodHint,
      when: { 'circuit.way': ['made'] },
    },
    { ...scoresFile, when: { 'circuit.way': ['scores'] } },
    {
      path: 'circuit',
      label: 'Edges',
      control: 'lines',
      reads: 'list',
      hint: 'Names such as m0->a1.h2<q>, one a line',
      when: { 'circuit.way': ['edges'] },
    },
    {
      path: 'circuit.file',
      label: 'Circuit',
      control: 'text',
      hint: 'On the server: a file of a circuit, or the folder of a circuit discovery',
      when: { 'circuit.way': ['file'] },
    },
    {
      path: 'select',
      label: 'Edges chosen',
      control: 'segmented',
      words: { 'top-n': 'Strongest', greedy: 'Greedily from the logits' },
      when: { 'circuit.way': ['made', 'scores'] },
    },
    {
      path: 'sizes',
      label: 'Sizes',
      control: 'text',
      reads: 'list',
      hint: 'Numbers of edges; empty for the shares of the MIB benchmark, 0.1 % to 100 %',
      when: { 'circuit.way': ['made', 'scores'] },
    },
    ablation,
    kvHeads,
    { path: 'completeness', label: 'Run the complement as well, for completeness', control: 'flag' },
  ],
  HEAD_SCAN: [
    patchingDirection,
    {
      path: 'position',
      label: 'Position',
      control: 'segmented',
      words: { all: 'All at once', last: 'The last' },
    },
    {
      path: 'choice.way',
      label: 'Heads chosen',
      control: 'way',
      words: { threshold: 'By a threshold', top: 'The strongest' },
      start: 'threshold',
    },
    {
      path: 'threshold',
      label: 'Threshold',
      control: 'text',
      reads: 'number',
      hint: 'Least refusal score of a head: its effect as a share of clean less corrupted',
      when: { 'choice.way': ['threshold'] },
    },
    {
      path: 'top',
      label: 'How many',
      control: 'text',
      reads: 'number',
      start: '10',
      when: { 'choice.way': ['top'] },
    },
    {
      path: 'validate',
      label: 'Validation of the chosen heads together',
      control: 'checks',
      words: { patch: 'patch', ablate: 'ablate', steer: 'steer' },
    },
    {
      path: 'coefficients',
      label: 'Coefficients',
      control: 'text',
      reads: 'list',
      hint: 'What the heads’ direction is multiplied by when it steers',
    },
  ],
  DIRECTION: [
    {
      path: 'method',
      label: 'Method',
      control: 'segmented',
      words: { 'difference-in-means': 'Difference in means', heads: 'What heads add' },
    },
    {
      path: 'heads',
      label: 'Heads',
      control: 'text',
      reads: 'list',
      hint: 'Such as a12.h3, a14.h0',
      when: { method: ['heads'] },
    },
    { path: 'layers', label: 'Layers', control: 'text', reads: 'list', hint: 'all, or layers such as 12, 13' },
    {
      path: 'position',
      label: 'Positions',
      control: 'text',
      reads: 'list',
      hint: 'Columns from the end or roles, such as -2, -1, object',
    },
    {
      path: 'select',
      label: 'Try each of them, and choose the one whose ablation leaves least of the behaviour',
      control: 'flag',
      start: true,
    },
  ],
  STEERING: [
    { path: 'mode', label: 'Mode', control: 'segmented', words: { add: 'Add it', ablate: 'Project it out' } },
    {
      path: 'direction.way',
      label: 'Direction from',
      control: 'way',
      words: { file: 'A file', experiment: 'A direction experiment' },
      start: 'file',
    },
    {
      path: 'direction.file',
      label: 'Direction',
      control: 'text',
      start: 'direction.safetensors',
      hint: 'A .safetensors file on the server, in a folder that models may lie in',
      when: { 'direction.way': ['file'] },
    },
    {
      path: 'direction.name',
      label: 'Tensor',
      control: 'text',
      start: 'direction',
      hint: 'Its name in the file, one vector as wide as the model',
      when: { 'direction.way': ['file'] },
    },
    {
      path: 'direction.experiment',
      label: 'Direction',
      control: 'text',
      hint: 'The id of the experiment, whose selected direction is taken',
      when: { 'direction.way': ['experiment'] },
    },
    {
      path: 'coefficients',
      label: 'Coefficients',
      control: 'text',
      reads: 'list',
      start: '-2, 0, 2',
      hint: 'What it is multiplied by, such as -2, 0, 2',
      when: { mode: ['add'] },
    },
    {
      path: 'layers',
      label: 'Layers',
      control: 'text',
      reads: 'list',
      start: '0',
      hint: 'all, or layers such as 12, 13',
    },
    {
      path: 'positions',
      label: 'Where',
      control: 'segmented',
      words: { all: 'All positions', last: 'The last position' },
    },
    ...writing,
    { path: 'stopAtEos', label: 'Stop where the model ends its turn', control: 'flag', start: true },
  ],
  GENERATION: [
    ...writing,
    {
      path: 'temperature',
      label: 'Temperature',
      control: 'text',
      reads: 'number',
      hint: '0 takes the likeliest token each time',
    },
  ],
  ACTIVATIONS: [
    {
      path: 'names',
      label: 'Hook names',
      control: 'lines',
      reads: 'list',
      start: 'blocks.*.hook_resid_pre',
      hint: 'One or more, * for every layer',
    },
    { path: 'gradients', label: 'Gradients of the metric as well', control: 'flag' },
    {
      path: 'logits',
      label: 'Logits',
      control: 'segmented',
      words: { none: 'No logits', last: 'Last position', all: 'All positions' },
    },
  ],
};
