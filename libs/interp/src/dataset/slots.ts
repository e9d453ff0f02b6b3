/** Prompts with slots: `{object}` in a text or a message, filled, and where in the rendered text each filling stands. */
import { DemurError } from '@demur/model';
import type { ChatMessage, Tokenizer } from '@demur/model';
import type { PromptSpec, Slots } from '../spec/pair.ts';
import { PairError, UnusedSlotError } from './errors.ts';

/** A slot's filling in a rendered text: characters from `start` to one before `end`. */
export interface SlotSpan {
  slot: string;
  start: number;
  end: number;
}

export interface RenderedPrompt {
  text: string;
  spans: SlotSpan[];
}

type WordedPrompt = Exclude<PromptSpec, { tokens: number[] }>;
type Render = (prompt: WordedPrompt) => string;

/** Marks around fillings, two private-use characters a slot: they survive chat templates, and are cut out again. */
const [OPEN, CLOSE] = [0xe000, 0xec00];

/** The prompt's text, chat template and generation prompt included, with its slots filled. `path` is for errors. */
export function renderPrompt(prompt: WordedPrompt, tokenizer: Tokenizer, path: string): RenderedPrompt {
  const render: Render = (filled) => ('text' in filled ? filled.text : chatText(filled.messages, tokenizer, path));
  const { slots } = prompt;
  if (slots === undefined) return { text: render(prompt), spans: [] };
  const names = Object.keys(slots);
  requireUsed(prompt, names, path);
  const text = render(filledPrompt(prompt));
  const marked = names.map((name, i) => [name, mark(OPEN, i) + slots[name]! + mark(CLOSE, i)] as const);
  const found = takeMarks(render(filledPrompt({ ...prompt, slots: Object.fromEntries(marked) })), names);
  if (found.text !== text)
    throw new PairError(
      `${path}.slots`,
      "the chat template changes the text of the slots, so that their tokens are unknown; take spaces off the slots' ends, or give the pair's roles as positions",
    );
  return found;
}

function chatText(messages: ChatMessage[], tokenizer: Tokenizer, path: string): string {
  try {
    return tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
  } catch (error) {
    if (error instanceof DemurError) throw new PairError(path, error.message, error);
    throw error;
  }
}

/** The prompt with the texts of its slots put in; as it is where it has none. */
export function filledPrompt(prompt: WordedPrompt): WordedPrompt {
  const { slots } = prompt;
  if (slots === undefined) return prompt;
  if ('text' in prompt) return { text: fill(prompt.text, slots) };
  return { messages: prompt.messages.map(({ role, content }) => ({ role, content: fill(content, slots) })) };
}

/** Only what is a slot's name in braces is replaced; other braces stay. */
function fill(text: string, slots: Slots): string {
  return text.replace(/\{([A-Za-z][A-Za-z0-9_-]*)\}/g, (whole, name: string) =>
    Object.hasOwn(slots, name) ? slots[name]! : whole,
  );
}

function requireUsed(prompt: WordedPrompt, names: string[], path: string): void {
  const texts = 'text' in prompt ? [prompt.text] : prompt.messages.map(({ content }) => content);
  const unused = names.find((name) => !texts.some((text) => text.includes(`{${name}}`)));
  if (unused !== undefined) throw new UnusedSlotError(`${path}.slots.${unused}`, unused);
}

const mark = (first: number, index: number) => String.fromCharCode(first + index);

/** Cuts the marks out and tells where they stood. */
function takeMarks(marked: string, names: string[]): RenderedPrompt {
  const spans: SlotSpan[] = [];
  let text = '';
  for (const character of marked) {
    const code = character.charCodeAt(0);
    const opened = names[code - OPEN];
    const closed = names[code - CLOSE];
    if (opened !== undefined) spans.push({ slot: opened, start: text.length, end: text.length });
    else if (closed !== undefined) spans.at(-1)!.end = text.length;
    else text += character;
  }
  return { text, spans };
}
