/** Roles that tokens play: from slots, on the model's own tokens, and as positions. Tokens are checked by their text. */
import { join } from 'node:path';
import { openModelSource, type Tokenizer } from '@demur/model';
import { lintPairs, parseSpec, PairError, resolvePairs, type PairSpec, type ResolvedPair } from '@demur/interp';
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchSmollm2, hasSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { encodePrompt } from '../../libs/interp/src/dataset/encode.ts';
import { requireRoles } from '../../libs/interp/src/dataset/require-roles.ts';
import { positionsOfRole, rolesOf } from '../../libs/interp/src/dataset/roles.ts';
import { tokenizerOfGguf } from '../../libs/model/src/tokenizer/gguf-tokenizer.ts';
import { readGgufHeader } from '../../libs/model/src/weights/gguf.ts';
import { golden } from '../model/sources/model-files.ts';

const sizes = { dVocab: 1_000_000, nCtx: 2048 };
const answers = { answer: 5, distractor: 6 };

const ask = (content: string, slots: Record<string, string>) => ({ messages: [{ role: 'user', content }], slots });
const say = (text: string, slots: Record<string, string>) => ({ text, slots });

function resolved(pair: Pick<PairSpec, 'clean' | 'corrupted' | 'roles'>, tokenizer: Tokenizer | null): ResolvedPair {
  return resolvePairs([{ ...pair, ...answers }], { config: sizes, tokenizer }).pairs[0]!;
}

function refusal(pair: Pick<PairSpec, 'clean' | 'corrupted' | 'roles'>, tokenizer: Tokenizer | null): string {
  try {
    resolved(pair, tokenizer);
  } catch (error) {
    if (error instanceof PairError) return error.message;
    throw error;
  }
  throw new Error('the pair was accepted');
}

/** Committed tokenizers: byte pairs of four kinds and SentencePiece, each with a small vocabulary. */
describe.each(['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'gemma'])('slots on %s', (name) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    const file = join(golden, 'tokenizers', `${name}.gguf`);
    tokenizer = await tokenizerOfGguf({ file, values: (await readGgufHeader(file)).metadata }, 1000);
  });

  it.each(['bomb', 'naïve café', '東京 🙂', 'cannot help', 'a'])('finds %j in a text', (object) => {
    const text = 'Tell me how to make a {object}. Tell {who}';
    const { tokens, roles } = encodePrompt({ text, slots: { object, who: 'me' } }, tokenizer, 'pairs[0].clean');
    const textOf = (role: string) => tokenizer.decode(roles[role]!.map((at) => tokens[at]!));
    expect(textOf('object').trim()).toBe(object);
    expect(textOf('after-object')).toMatch(/^\./);
    expect(roles['who']!.at(-1)).toBe(tokens.length - 1);
    expect(roles).not.toHaveProperty('after-who');
    const all = [...roles['object']!, ...roles['who']!, ...roles['template']!].sort((x, y) => x - y);
    expect(all).toEqual([...tokens.keys()]);
  });
});

it('refuses a slot whose ends the chat template takes off', async () => {
  const tokenizer = await (await openModelSource(join(golden, 'sources/sharded'))).loadTokenizer();
  const of = (object: string) => encodePrompt(ask('{object}', { object }), tokenizer, 'pairs[0].clean');
  const { tokens, roles } = of('a pie');
  expect(tokenizer.decode(roles['object']!.map((at) => tokens[at]!)).trim()).toBe('a pie');
  expect(() => of(' a pie')).toThrow(/^pairs\[0\]\.clean\.slots: the chat template changes the text of the slots/);
});

describe('roles as positions', () => {
  const pair = { clean: { tokens: [1, 2, 3, 4] }, corrupted: { tokens: [1, 9, 3, 8] } };

  it('are sorted and counted from the start, and every pair has two of its own', () => {
    const roles = { object: [1], tail: [-1, 2] };
    expect(rolesOf(resolved({ ...pair, roles }, null))).toEqual({
      ...{ object: [1], tail: [2, 3] },
      ...{ difference: [1, 3], last: [3] },
    });
  });

  it('are asked for by name and index', () => {
    const one = resolved({ ...pair, roles: { tail: [1, 2, 3] } }, null);
    const asked = ['tail', 'tail[0]', 'tail[-1]', 'tail[3]', 'constructor', 'last', 'difference[1]'];
    expect(asked.map((role) => positionsOfRole(one, role))).toEqual([
      ...[[1, 2, 3], [1], [3], undefined, undefined, [3], [3]],
    ]);
  });

  it.each([
    [{ object: [4] }, 'pairs[0].roles.object[0]: 4 is no position of 4 tokens; give 0 to 3, or -4 to -1'],
    [{ object: [3, -1] }, 'pairs[0].roles.object[1]: -1 is position 3, which is given already'],
    [{ last: [3] }, 'pairs[0].roles.last: "last" is a role of its own making; choose another name'],
  ])('refuses %j', (roles, message) => {
    expect(refusal({ ...pair, roles }, null)).toBe(message);
  });

  it('refuses to patch at a role that a pair lacks, naming the pair', () => {
    const spec = parseSpec({
      ...{ kind: 'activation-patching', model: '.', pairs: 'x' },
      options: { positions: ['last', 'object'] },
    });
    const has = resolved({ ...pair, roles: { object: [1] } }, null);
    expect(() => requireRoles(spec, [has, has])).not.toThrow();
    expect(() => requireRoles(spec, [has, resolved({ ...pair, roles: { noun: [1] } }, null)])).toThrow(
      'options.positions[1]: pairs[1] has no role "object"; its roles, and how many tokens each has, are noun (1), difference (2), last (1)',
    );
  });
});

describe('on SmolLM2', () => {
  let tokenizer: Tokenizer | undefined;
  beforeAll(async () => {
    const path = await fetchSmollm2().catch((error: Error) => console.log(`SmolLM2 cannot be had: ${error.message}`));
    if (path !== undefined && (await hasSmollm2())) tokenizer = await (await openModelSource(path)).loadTokenizer();
  });

  it('finds slots behind the chat template', ({ skip }) => {
    if (tokenizer === undefined) return skip('SmolLM2 cannot be had here');
    const content = 'Tell me how to make a {object}.';
    const pair = resolved(
      { clean: ask(content, { object: 'bomb' }), corrupted: ask(content, { object: 'pie' }) },
      tokenizer,
    );
    const texts = (role: string) => positionsOfRole(pair, role)!.map((at) => tokenizer!.decodeToken(pair.clean[at]!));
    expect(pair.roles!['object']).toEqual([30]);
    expect([texts('object'), texts('after-object'), texts('last'), texts('template[0]')]).toEqual([
      ...[[' bomb'], ['.'], ['\n'], ['<|im_start|>']],
    ]);
    expect(pair.roles!['template']).toHaveLength(37);
  });

  it('refuses slots that are wrong, and roles that differ between the prompts', ({ skip }) => {
    if (tokenizer === undefined) return skip('SmolLM2 cannot be had here');
    const clean = say('Make a {object} now', { object: 'gun' });
    expect(refusal({ clean: say('Make a pie', { object: 'gun' }), corrupted: clean }, tokenizer)).toBe(
      'pairs[0].clean.slots.object: no text of this prompt has {object}; write it where "object" belongs, or leave the slot out',
    );
    expect(refusal({ clean: say('Make{object} now', { object: '' }), corrupted: say('Take now', {}) }, tokenizer)).toBe(
      'pairs[0].clean.slots.object: it is empty; give it a text',
    );
    expect(refusal({ clean, corrupted: say('Make {object} pie now', { object: 'a' }) }, tokenizer)).toBe(
      'pairs[0]: role "object" is at position 2 by clean and at position 1 by corrupted; it must be the same tokens in both',
    );
    expect(refusal({ clean, corrupted: clean }, tokenizer)).toMatch(/clean and corrupted are the same tokens/);
  });

  it('lints every pair, and warns of slots of several tokens', ({ skip }) => {
    if (tokenizer === undefined) return skip('SmolLM2 cannot be had here');
    const text = 'Make a {object} now';
    const of = (clean: string, corrupted: string): PairSpec => ({
      clean: say(text, { object: clean }),
      corrupted: say(text, { object: corrupted }),
      ...answers,
    });
    const set = [of('gun', 'grenade'), of('grenade', 'muffin'), of('gun', 'gun')];
    const { errors, warnings } = lintPairs(set, { config: sizes, tokenizer });
    expect(errors.map(({ message }) => message)).toEqual([
      'pairs[0]: clean has 4 tokens and corrupted 5; choose prompts of equal length',
      'pairs[2]: clean and corrupted are the same tokens; change at least one of them',
    ]);
    expect(warnings[0]).toMatch(/^pairs\[1\]: "object" is 2 tokens; /);
  });
});
