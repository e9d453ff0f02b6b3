/** Earlier findings as a checklist: what was found, on which models, and whether this model shows it. */
import type { CheckedClaim, ClaimSource } from '../claims.ts';
import { element, escapeText } from './markup.ts';

const sources: Record<ClaimSource, string> = {
  notebooks: 'notebooks, on Llama-2-7b-chat',
  replication: 'replication, on Gemma-2 2B and 9B',
};

const signs: Record<CheckedClaim['outcome'], string> = { agrees: '✓', disagrees: '✗', 'not tested': '–' };

export const claimList = (claims: readonly CheckedClaim[]): string =>
  element('ul', { class: 'claims' }, ...claims.map(claimItem));

const claimItem = ({ id, text, source, outcome, sentence }: CheckedClaim): string =>
  element(
    'li',
    { 'data-outcome': outcome },
    element('span', { class: 'outcome' }, `${signs[outcome]} ${outcome}`),
    element('p', {}, escapeText(text), ' ', element('small', {}, `${sources[source]} · ${escapeText(id)}`)),
    element('p', {}, escapeText(sentence)),
  );
