import type { PromptSpec } from '@demur/interp';

/** A prompt in one line for people: its text, its messages by role, or its token ids. */
export function promptText(prompt: unknown): string {
  const spec = prompt as PromptSpec;
  if ('text' in spec) return spec.text;
  if ('tokens' in spec) return `[${spec.tokens.join(', ')}]`;
  const [only, ...more] = spec.messages;
  if (only !== undefined && more.length === 0) return only.content;
  return spec.messages.map(({ role, content }) => `${role}: ${content}`).join(' | ');
}
