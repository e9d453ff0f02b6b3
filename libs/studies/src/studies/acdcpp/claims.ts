/** What the notebooks on Llama-2-7b-chat say of ACDC++, beside this model's numbers. */
import { shareText } from '@demur/charts';
import { outcomeOf, type CheckedClaim } from '../../claims.ts';
import { counted, number, percent } from '../../wording.ts';
import { FAITHFUL, isFaithful, lastSearch, type FoundCircuits } from './find-circuits.ts';

export function claims(found: FoundCircuits): CheckedClaim[] {
  return [noCircuit(found)];
}

function noCircuit(found: FoundCircuits): CheckedClaim {
  const last = lastSearch(found);
  const kept = `${counted(last.cells.length, 'edge')} (${shareText(last.cells.length / found.edges)} of all) with faithfulness ${last.faithfulness === null ? 'undefined' : number(last.faithfulness)}`;
  return {
    id: 'S4.acdcpp-gives-no-circuit',
    source: 'notebooks',
    text: 'Trying ACDC++ for refusal on Llama-2-7b-chat failed: it gave no circuit.',
    outcome: outcomeOf(!isFaithful(last)),
    sentence: `ACDC++ ran through and left ${kept}; at least ${percent(FAITHFUL)} counts as a circuit of the behaviour.`,
  };
}
