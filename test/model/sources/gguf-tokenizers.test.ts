/** Tokenizers of GGUF files against the libraries that they come from (test/golden/tokenizers/make_tokenizers.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokenizerOfGguf } from '../../../libs/model/src/tokenizer/gguf-tokenizer.ts';
import type { ChatMessage, Tokenizer } from '../../../libs/model/src/tokenizer/tokenizer.ts';
import { readGgufHeader } from '../../../libs/model/src/weights/gguf.ts';
import { golden } from './model-files.ts';

interface Expected {
  tokens: { text: string; ids: number[]; decoded: string }[];
  withBos: number[];
  chat: string;
  messages: ChatMessage[];
}

const folder = join(golden, 'tokenizers');
const references = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Expected>;

describe.each(Object.keys(references))('%s', (name) => {
  const reference = references[name]!;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    const file = join(folder, `${name}.gguf`);
    const { metadata } = await readGgufHeader(file);
    tokenizer = await tokenizerOfGguf({ file, values: metadata }, 1000);
  });

  it.each(reference.tokens)('cuts $text', ({ text, ids, decoded }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
  });

  it('puts a BOS first only where the model has one', () => {
    expect(tokenizer.encode(reference.tokens[0]!.text, { addSpecialTokens: true })).toEqual(reference.withBos);
  });

  it('renders its chat template', () => {
    expect(tokenizer.applyChatTemplate(reference.messages, { addGenerationPrompt: true })).toBe(reference.chat);
  });
});
