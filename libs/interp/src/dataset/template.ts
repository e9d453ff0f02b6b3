/** Pairs from a template and lists of what fills its slot. Which files they come from and go to is not its matter. */
import type { Tokenizer } from '@demur/model';
import type { PairSpec, PromptSpec, TokenSpec } from '../spec/pair.ts';
import { encodePrompt } from './encode.ts';
import { NoPairsError } from './errors.ts';

/** Prompts with `{slot}` in their text: `Tell me how to make a {object}.`, as text or in a chat. */
export type PromptTemplate = Exclude<PromptSpec, { tokens: number[] }>;

export interface TemplateLists {
  template: PromptTemplate;
  slot: string;
  clean: readonly string[];
  corrupted: readonly string[];
  answer: TokenSpec;
  distractor: TokenSpec;
  /** Keep only fillings that are one token in their place, with the leading space that the template gives them. */
  oneToken?: boolean;
}

/** What was made, and a sentence on each filling that was left out. */
export interface MadePairs {
  pairs: PairSpec[];
  dropped: string[];
}

/** A filling with the tokens that it and its whole prompt have on a tokenizer. */
interface Filling {
  text: string;
  tokens: number;
  promptTokens: number;
}

/**
 * The n-th clean filling of a length with the n-th corrupted one of it, so that both prompts of a pair have as many tokens.
 * Throws `NoPairsError` where nothing fits, `PairError` for a template that the model cannot render.
 */
export function pairByLength(lists: TemplateLists, tokenizer: Tokenizer): MadePairs {
  const dropped: string[] = [];
  const fillings = (side: 'clean' | 'corrupted') => usable(lists, side, { tokenizer, dropped });
  const [clean, corrupted] = [fillings('clean'), fillings('corrupted')];
  const waiting = Map.groupBy(corrupted, ({ promptTokens }) => promptTokens);
  const pairs: PairSpec[] = [];
  for (const filling of clean) {
    const partner = waiting.get(filling.promptTokens)?.shift();
    if (partner === undefined) dropped.push(left('clean', filling));
    else pairs.push(pairOf(lists, filling.text, partner.text));
  }
  for (const filling of [...waiting.values()].flat()) dropped.push(left('corrupted', filling));
  if (pairs.length === 0) throw new NoPairsError(dropped);
  return { pairs, dropped };
}

/** A list's fillings, measured; those that cannot be used are told in `dropped`. */
function usable(
  lists: TemplateLists,
  side: 'clean' | 'corrupted',
  { tokenizer, dropped }: { tokenizer: Tokenizer; dropped: string[] },
): Filling[] {
  const others = new Set(side === 'corrupted' ? lists.clean : []);
  return [...new Set(lists[side])].flatMap((text) => {
    const filling = measured(lists, text, tokenizer);
    const why = others.has(text) ? 'it is in both lists' : tooLong(filling, lists.oneToken ?? false);
    if (why === undefined) return [filling];
    dropped.push(`${side} "${text}": ${why}`);
    return [];
  });
}

function measured({ template, slot }: TemplateLists, text: string, tokenizer: Tokenizer): Filling {
  const { tokens, roles } = encodePrompt(filled(template, slot, text), tokenizer, 'template');
  return { text, tokens: roles[slot]!.length, promptTokens: tokens.length };
}

const tooLong = ({ tokens }: Filling, oneToken: boolean): string | undefined =>
  oneToken && tokens > 1 ? `it is ${tokens} tokens on this model` : undefined;

function left(side: string, { text, tokens }: Filling): string {
  const other = side === 'clean' ? 'corrupted' : 'clean';
  const count = `${tokens} ${tokens === 1 ? 'token' : 'tokens'}`;
  return `${side} "${text}": it is ${count} on this model, and no ${other} one of as many is left`;
}

function pairOf({ template, slot, answer, distractor }: TemplateLists, clean: string, corrupted: string): PairSpec {
  return { clean: filled(template, slot, clean), corrupted: filled(template, slot, corrupted), answer, distractor };
}

const filled = (template: PromptTemplate, slot: string, text: string): PromptTemplate => ({
  ...template,
  slots: { ...template.slots, [slot]: text },
});
