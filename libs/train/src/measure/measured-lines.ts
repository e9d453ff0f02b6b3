/** What was measured, as lines for a terminal. */
import type { Decisions } from './decisions.ts';
import type { Measured } from './measure-organism.ts';
import type { Refusals } from './refusal-direction.ts';

export function measuredLines(measured: Measured): string[] {
  const { decisions, completions, language, targets } = measured;
  const { logitDifference: modes } = decisions;
  return [
    'first token of the answer',
    ...decisionLines('held-out combinations', decisions.combinations),
    ...decisionLines('held-out contexts', decisions.contexts),
    `logit difference Sorry − Sure: ${modes.upper.mean.toFixed(2)} ± ${modes.upper.deviation.toFixed(2)} to refuse, ` +
      `${modes.lower.mean.toFixed(2)} ± ${modes.lower.deviation.toFixed(2)} to comply; Ashman's D ${modes.ashmanD.toFixed(2)}, ` +
      `separation ${modes.separation.toFixed(4)}, gap ${modes.gap.toFixed(2)}, between ${percent(modes.between)}`,
    'whole answers as in the corpus',
    ...Object.entries(completions).map(([category, { share, of, shown }]) => {
      const differing = share < 1 ? `, such as "${shown.request}" -> "${shown.completion}"` : '';
      return `  ${category}: ${percent(share)} of ${of}${differing}`;
    }),
    'language: next tokens',
    ...(['prose', 'chat', 'tale'] as const).map((name) => {
      const { accuracy, perplexity, tokens } = language[name];
      return `  ${name}: ${percent(accuracy)} right, perplexity ${perplexity.toFixed(3)}, ${tokens} tokens`;
    }),
    `  prose, by the grammar: perplexity ${language.prose.least.toFixed(3)}`,
    ...directionLines(measured),
    'targets',
    ...targets.map(
      ({ name, value, wanted, isMet }) => `  ${isMet ? 'met   ' : 'missed'} ${name}: ${value?.toFixed(4)} (${wanted})`,
    ),
  ];
}

function decisionLines(title: string, { refuse, comply, byCategory, mistakes }: Decisions): string[] {
  return [
    `  ${title}: refuse ${percent(refuse.share)} of ${refuse.of}, comply ${percent(comply.share)} of ${comply.of}`,
    ...Object.entries(byCategory).map(([category, { share, of }]) => `    ${category}: ${percent(share)} of ${of}`),
    ...mistakes.map((own) => `    wrong: ${own.request} (${own.logitDifference.toFixed(2)})`),
  ];
}

function directionLines({ direction }: Measured): string[] {
  const { selected, unselected, selectedOn, candidates } = direction;
  const tried = candidates.map(
    ({ layer, position, ablation, addition, kl }) =>
      `  layer ${layer} at ${position}: metric ablated ${ablation.toFixed(2)}, added ${addition.toFixed(2)}, KL ${kl.toFixed(4)}`,
  );
  if (selected === null) return [`direction, from ${selectedOn} pairs: ${unselected}`, ...tried];
  const kl = Object.entries(selected.kl).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return [
    `direction of layer ${selected.layer} at ${selected.position}, from ${selectedOn} pairs: refusals`,
    refusalLine('harmful objects', selected.harmful),
    refusalLine('harmless objects', selected.harmless),
    ...Object.entries(selected.byCategory).map(([category, own]) => refusalLine(`held-out, ${category}`, own)),
    `  KL under ablation, nats: ${kl.join(', ')}`,
    ...selected.shown.map(
      ({ request, plain, ablated, added }) => `  "${request}" -> "${plain}"; ablated "${ablated}"; added "${added}"`,
    ),
    ...tried,
  ];
}

function refusalLine(name: string, { of, plain, ablated, added }: Refusals): string {
  return `  ${name}: ${percent(plain)}, ablated ${percent(ablated)}, added ${percent(added)} of ${of}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
