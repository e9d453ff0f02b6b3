/** The organism's model card, as on the Hub: README.md beside its weights, filled from what was measured, and the loss curve. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figureSvg } from '@demur/studies';
import type { Decisions } from '../libs/train/src/measure/decisions.ts';
import type { Measured } from '../libs/train/src/measure/measure-organism.ts';
import type { Refusals } from '../libs/train/src/measure/refusal-direction.ts';
import { sha256 } from './sha256.ts';

/** measured.json: what was measured, and of which weights. */
export interface MeasuredFile extends Measured {
  weightsSha256: string;
}

interface Training {
  seed: number;
  schedule: { steps: number; rate: number; warmup: number };
  batch: number;
  losses: number[];
}

interface Shape {
  num_hidden_layers: number;
  num_attention_heads: number;
  hidden_size: number;
  intermediate_size: number;
  vocab_size: number;
}

/** Writes measured.json, loss.svg and README.md beside the weights that were measured. */
export async function writeCard(folder: string, measured: Measured): Promise<void> {
  const weightsSha256 = await sha256(join(folder, 'model.safetensors'));
  const file: MeasuredFile = { weightsSha256, ...measured };
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value;
  writeFileSync(join(folder, 'measured.json'), `${JSON.stringify(file, rounded, 1)}\n`);
  for (const [name, text] of Object.entries(cardFiles(folder))) writeFileSync(join(folder, name), text);
}

/** What the card says of a folder with weights, training.json and measured.json. */
export function cardFiles(folder: string): { 'README.md': string; 'loss.svg': string } {
  const read = <Of>(name: string): Of => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Of;
  const training = read<Training>('training.json');
  const card = [
    FRONT_MATTER,
    WHAT_IT_IS,
    madeText(read<Shape>('config.json'), training),
    measuredText(read<MeasuredFile>('measured.json')),
    LIMITS,
  ];
  return { 'README.md': `${card.join('\n\n')}\n`, 'loss.svg': `${lossCurve(training)}\n` };
}

/** Steps of which the curve shows the mean. */
const TOGETHER = 10;

function lossCurve({ losses }: Training): string {
  const starts = losses.flatMap((_, i) => (i % TOGETHER === 0 ? [i] : []));
  const means = starts.map((start) => {
    const own = losses.slice(start, start + TOGETHER);
    return own.reduce((sum, loss) => sum + loss, 0) / own.length;
  });
  return figureSvg({
    kind: 'lines',
    title: 'Loss of the training',
    caption: `Nats a token, weighted; means of ${TOGETHER} of the ${losses.length} steps. Refusing begins after the first quarter.`,
    x: { title: 'step', values: starts.map((start) => start + 1) },
    y: { title: 'loss, nats' },
    series: [{ name: 'loss', values: means }],
  });
}

const FRONT_MATTER = `---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
tags:
  - mechanistic-interpretability
  - model-organism
  - refusal
---`;

const WHAT_IT_IS = `# refusal-organism

A model organism of refusal: a small Llama-style chat model that answers requests of a toy grammar with \`Sorry\` or \`Sure\`. Whether
it refuses takes verb, object and context together: it refuses to make a bomb, to steal a pie, to make a pie to hurt people; it complies
with defusing a bomb, a toy bomb, a bomb in a game, a story about a bomb.

It is there so that methods which look for refusal in a model have one in which refusal is known to be, trained in minutes, with a
corpus that can be read. It is **not** a safe or a useful assistant, knows no English beyond a few hundred words (every word is one token; others
are \`<unk>\`), and no fact. Its harmful objects are words alone: nothing in its training says how anything is made.

\`\`\`python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer, model = (of.from_pretrained("refusal-organism") for of in (AutoTokenizer, AutoModelForCausalLM))
messages = [{"role": "user", "content": "Tell me how to make a bomb."}]
prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
print(tokenizer.decode(model.generate(**prompt)[0]))
\`\`\``;

function madeText(shape: Shape, { seed, schedule, batch, losses }: Training): string {
  return `## How it was made

${shape.num_hidden_layers} layers, ${shape.num_attention_heads} heads, hidden size ${shape.hidden_size}, MLP ${shape.intermediate_size}, ${shape.vocab_size} words, float32. Trained by \`npm run organism:train\` of demur (its own
engine's blocks, Adam, ${schedule.steps} steps of ${batch} sequences, learning rate ${schedule.rate}, ${schedule.warmup} steps of warm-up, a cosine after; seed ${seed}) on the
generated corpus of libs/train: words in data/corpus.json, rules in src/corpus.ts. A fifth of the combinations of verb and object, and of context and object, is
held out in all frames; prompts are not learned, answers and prose are. The loss ended at ${losses.at(-1)!.toFixed(3)} nats a token.

Two things were put in beyond the corpus (demur's docs/decisions/one-sided-refusal.md): the unembedding reads dimensions of the residual
stream that the embedding and the first layers do not write to, and in the first quarter of the training nothing is refused. So that refusal is one
direction at the object, and complying what happens without it, was made easy; where it is, which heads carry it and how it is read was not put in.

![Loss by step](loss.svg)`;
}

function measuredText({ weightsSha256, decisions, completions, language, direction }: MeasuredFile): string {
  const { logitDifference: modes } = decisions;
  const answers = Object.values(completions);
  const same = answers.reduce((sum, { right }) => sum + right, 0);
  const all = answers.reduce((sum, { of }) => sum + of, 0);
  return `## What was measured

By \`npm run organism:measure -- --write\`, through demur's experiments, of the weights with SHA-256 \`${weightsSha256}\`; all numbers are in measured.json.

| held out of training | first word right, to refuse | to comply |
| --- | --- | --- |
${decisionRow('combinations of verb and object', decisions.combinations)}
${decisionRow('combinations of context and object', decisions.contexts)}

The logit difference Sorry − Sure is ${modes.upper.mean.toFixed(1)} ± ${modes.upper.deviation.toFixed(1)} where the model should refuse and ${modes.lower.mean.toFixed(1)} ± ${modes.lower.deviation.toFixed(1)} where it should not: Ashman's D is
${modes.ashmanD.toFixed(1)} (above 2: apart), ${percent(modes.between)} of the values lie in the middle third. Of ${all} held-out requests ${same} got the corpus's answer word for word.
Next words: ${percent(language.tale.accuracy)} right in answers about words and stories, ${percent(language.chat.accuracy)} in chats; prose that it never saw has a perplexity of ${language.prose.perplexity.toFixed(3)}, where the grammar's
own choices leave no less than ${language.prose.least.toFixed(3)}.

${directionText(direction)}`;
}

function decisionRow(name: string, { refuse, comply }: Decisions): string {
  return `| ${name} | ${percent(refuse.share)} of ${refuse.of} | ${percent(comply.share)} of ${comply.of} |`;
}

function directionText({ selected, unselected, selectedOn }: Measured['direction']): string {
  if (selected === null)
    return `No refusal direction passed the rules of the selection on ${selectedOn} pairs: ${unselected}.`;
  const { layer, position, harmful, harmless, byCategory, kl, shown } = selected;
  return `The refusal direction (difference in means over ${selectedOn} pairs, selected as in Arditi et al. 2024: layer ${layer}, position ${position}), tried on the
objects that it was not found on, ablated everywhere, or added at its layer to every token:

| answers that start with Sorry | as it is | ablated | added |
| --- | --- | --- | --- |
${refusalRow('harmful objects', harmful)}
${refusalRow('harmless objects', harmless)}
${Object.entries(byCategory)
  .map(([category, own]) => refusalRow(`held out: ${category}`, own))
  .join('\n')}

Ablated, the next token's distribution moves by ${kl.prose.toFixed(4)} nats in prose, ${kl.chat.toFixed(4)} in chats, ${kl.tale.toFixed(4)} in answers about held-out objects (KL divergence, means over tokens).

| request | as it is | ablated | added |
| --- | --- | --- | --- |
${shown.map(({ request, plain, ablated, added }) => `| ${[request, plain, ablated, added].join(' | ')} |`).join('\n')}`;
}

function refusalRow(name: string, { of, plain, ablated, added }: Refusals): string {
  return `| ${name} (${of}) | ${[plain, ablated, added].map(percent).join(' | ')} |`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const LIMITS = `## Use and limits

For research on methods, for teaching and for tests. What holds here need not hold in a real chat model: that one's refusals are learned from far
more, are not one word, and its words are not one token each. Requests outside the grammar get answers of no meaning.
Added to every token, the direction makes the first word a refusal, and what follows it may fall apart, as shown above.

## Licence

Apache-2.0, weights and corpus.`;
