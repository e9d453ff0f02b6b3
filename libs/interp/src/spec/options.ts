/** The options of each kind of experiment, with their defaults. Names are those of the architecture's table of methods. */
import { z } from 'zod';
import { choice, expecting, show, strict } from './expecting.ts';
import { isHookPattern } from './hook-pattern.ts';

const hookNames =
  'a hook name such as "blocks.0.hook_resid_pre" ("*" for every layer), "hook_embed" or "ln_final.hook_scale"';
const flag = z.boolean(expecting('true or false'));

export const activationsOptions = strict(
  {
    names: z
      .array(
        z.string(expecting(hookNames)).refine(isHookPattern, expecting(hookNames)),
        expecting('a list of hook names'),
      )
      .refine((names) => new Set(names).size === names.length, expecting('a list without repeated names')),
    gradients: flag.default(false),
    logits: z
      .enum(
        ['none', 'last', 'all'],
        choice(['none', 'last', 'all'], () => false),
      )
      .default('none'),
  },
  'an object',
);

const patchable = ['resid_pre', 'attn_out', 'mlp_out', 'z'] as const;
const laterPatchable = ['resid_mid', 'resid_post', 'q', 'k', 'v', 'pattern'];
const everywhere = ['each', 'all', 'last'] as const;
const columns = 'a column of the prompt (a whole number; negative counts from the end)';

const position = z.int({
  error: (issue) =>
    typeof issue.input === 'string'
      ? `${show(issue.input)} is a role, and these pairs come without roles; give "each", "all", "last" or columns such as [-1]`
      : expecting(columns).error(issue),
});

function withoutRepeats(what: string) {
  return [
    (list: readonly unknown[]) => new Set(list).size === list.length,
    expecting(`a list without repeated ${what}`),
  ] as const;
}

export const activationPatchingOptions = strict(
  {
    direction: z
      .enum(
        ['denoising', 'noising'],
        choice(['denoising', 'noising'], () => false),
      )
      .default('denoising'),
    activations: z
      .array(
        z.enum(
          patchable,
          choice(patchable, (name) => laterPatchable.includes(name as string)),
        ),
        expecting('a list'),
      )
      .min(1, expecting('a non-empty list of activations'))
      .refine(...withoutRepeats('activations'))
      .default(['resid_pre']),
    positions: z
      .union(
        [
          z.enum(everywhere),
          z
            .array(position)
            .min(1)
            .refine(...withoutRepeats('columns')),
        ],
        expecting('"each", "all", "last" or a non-empty list of columns, each once'),
      )
      .default('each'),
  },
  'an object',
);

const notYet = {
  error: (issue: { input?: unknown }) => `${show(issue.input)} is not available yet; leave it out or give 0`,
};
const isGiven = (value: unknown) => typeof value === 'string' && value.startsWith('eap-ig');

export const attributionOptions = strict(
  {
    method: z.enum(['eap'], choice(['eap'], isGiven)).default('eap'),
    steps: z.int(expecting('a whole number of steps')).min(1, expecting('a number of steps, 1 or more')).default(5),
    kvHeads: z
      .enum(
        ['native', 'expanded'],
        choice(['native', 'expanded'], () => false),
      )
      .default('expanded'),
    bootstrap: z.literal(0, notYet).default(0),
    checkExact: z.literal(0, notYet).default(0),
  },
  'an object',
);
