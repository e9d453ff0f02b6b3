/**
 * S1: the residual stream of one prompt put into the run on the other, one position and one layer at a time, and what the model
 * then writes. The first finding of the notebooks: at the object's position, a harmless request becomes one to refuse.
 */
import type { Study } from '../../study.ts';
import { patchedCompletions } from './completions.ts';
import { objectClaims } from './claims.ts';
import { patchGrid } from './patch-grid.ts';
import { gridSection } from './sections.ts';

export const objectPatching: Study = {
  name: 'object-patching',
  title: 'Patching the object',
  question: 'Does the object of a request, and nothing else of it, make the model refuse?',
  steps: [
    { name: 'denoising', title: 'The prompt to refuse, put into the run on the other' },
    { name: 'denoising-before', title: 'What the model writes after the others' },
    { name: 'denoising-after', title: 'What it writes with the object of the prompt to refuse put in' },
    { name: 'noising', title: 'The reverse: the other prompt, put into the run on the one to refuse' },
    { name: 'noising-before', title: 'What the model writes after prompts to refuse' },
    { name: 'noising-after', title: 'What it writes with the object of the other prompt put in' },
  ],
  async run(run) {
    const denoising = await patchGrid(run, 'denoising');
    const induced = await patchedCompletions(run, denoising);
    const noising = await patchGrid(run, 'noising');
    const removed = await patchedCompletions(run, noising);
    return {
      sections: [gridSection(denoising, induced), gridSection(noising, removed)],
      claims: objectClaims(denoising, induced),
    };
  },
};
