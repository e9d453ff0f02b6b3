/** What the replication on Gemma-2 says it found. Whether a model shows the same is told by the part that measures it. */
import type { CheckedClaim } from '../../claims.ts';

const TEXTS = {
  'absolute-scores':
    'The metric of harmful prompts is larger in size than on Llama-2-7b-chat, that of harmless ones smaller (Gemma-2).',
  'several-tokens':
    'Some objects are several tokens, which is hard to analyse; pairs of one token were chosen instead.',
  'object-and-last':
    'Patching the residual stream does as expected at the object (early layers) and at the last position (late ones).',
  'layers-of-interest':
    'At the token after the object, layers 8 to 15 carry the signal of refusal (of 26 in Gemma-2 2B, 42 in 9B).',
  'attention-falls-short':
    'Patching attn_out cannot fully recover refusal: at the token after the object the score ends at 0.771.',
  'attention-ends-early':
    'By layer 15 the score of attn_out is 0.769, nearly its end: later layers add hardly anything.',
  'mlp-at-object': 'Patching mlp_out at the object is like putting the harmful object in: the score is 0.888.',
  'few-heads': '11 heads have a score over 0.005.',
  'heads-suffice': 'The heads over 0.005 suffice for refusal.',
  'heads-fail-to-steer': 'What the heads add together does not steer Gemma-2 2B.',
  'heads-need-a-large-scale': 'What the heads add together steers Gemma-2 9B, at a scale over 26.',
  'difference-steers': 'The difference vector steers: it induces refusal (Gemma-2 2B and 9B).',
  'inhibiting-fails': 'Neither what the heads add nor the difference vector inhibits refusal (Gemma-2 2B and 9B).',
  'metric-is-lossy': 'The metric is lossy: a model can refuse or comply without Sorry or Sure.',
} as const;

export type ClaimName = keyof typeof TEXTS;

/** @param agrees null where the study could not tell. */
export function checkedClaim(name: ClaimName, agrees: boolean | null, sentence: string): CheckedClaim {
  const outcome = agrees === null ? 'not tested' : agrees ? 'agrees' : 'disagrees';
  return { id: `S6.${name}`, source: 'replication', text: TEXTS[name], outcome, sentence };
}
