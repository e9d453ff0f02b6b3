import { filledPrompt, type PromptSpec } from '@demur/interp';

/** A prompt in one line for people, its slots filled: its text, its messages by role, or its token ids. */
export function promptText(prompt: unknown): string {
  const given = prompt as PromptSpec;
  if ('tokens' in given) return `[${given.tokens.join(', ')}]`;
  const spec = filledPrompt(given);
  if ('text' in spec) return spec.text;
  const [only, ...more] = spec.messages;
  if (only !== undefined && more.length === 0) return only.content;
  return spec.messages.map(({ role, content }) => `${role}: ${content}`).join(' | ');
}
